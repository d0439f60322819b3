import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { before, describe, test } from 'node:test';
import { exportAttempts } from './export.ts';
import { openLocalAuditLog } from './local.ts';
import { openAuditSearch } from './search.ts';
import { loadSigningKey, publicKeyFolder, readPublicKeys } from './signing-key.ts';
import { makeStateDir, runAttempts, testClock } from './testing.ts';
import { isExport, verifyExport } from './verify-export.ts';

/** A log of a hundred attempts, three of which are exported. */
async function makeExport(): Promise<{ stateDir: string; dir: string }> {
  const stateDir = makeStateDir();
  const log = await openLocalAuditLog({
    stateDir,
    clock: testClock,
    limits: { segmentBytes: 10_000, checkpointLines: 16 },
  });
  await runAttempts(
    log,
    Array.from({ length: 100 }, (_, index) => `a${index}`),
  );
  await log.stop();
  const dir = path.join(stateDir, 'export');
  exportWanted({ stateDir, dir });
  return { stateDir, dir };
}

function exportWanted({ stateDir, dir }: { stateDir: string; dir: string }): void {
  const search = openAuditSearch({ stateDir });
  const attempts = ['a3', 'a42', 'a99']
    .map((requestId) => search.find(requestId))
    .filter((attempt) => attempt !== undefined);
  const summary = exportAttempts({
    auditDir: path.join(stateDir, 'audit'),
    outDir: dir,
    attempts,
    madeAtMs: 1,
  });
  assert.deepEqual(summary, { attempts: 3, lines: 6, unproven: 0 });
  search.close();
}

describe('an export', () => {
  let made: { stateDir: string; dir: string };
  before(async () => {
    made = await makeExport();
  });
  const copyExport = () => {
    const dir = path.join(makeStateDir(), 'export');
    fs.cpSync(made.dir, dir, { recursive: true });
    return dir;
  };
  const edit = (file: string, how: (text: string) => string) =>
    fs.writeFileSync(file, how(fs.readFileSync(file, 'utf8')));

  test('proves each of its lines by itself', () => {
    assert.ok(isExport(made.dir));
    const { problems, lines, proven } = verifyExport({ dir: copyExport() });
    assert.deepEqual({ problems, lines, proven }, { problems: [], lines: 6, proven: 6 });
  });

  const EDITS: readonly {
    readonly name: string;
    readonly file: string;
    readonly how: (text: string) => string;
    readonly kinds: readonly string[];
  }[] = [
    {
      name: 'an edited line',
      file: 'records.jsonl',
      how: (text) => text.replace('ünal', 'anna'),
      kinds: ['wrong_proof'],
    },
    {
      name: 'an edited proof',
      file: 'records.jsonl',
      how: (text) => text.replace(/"proof":\["./, '"proof":["_'),
      kinds: ['wrong_proof'],
    },
    {
      name: 'a proof of another place',
      file: 'records.jsonl',
      how: (text) => text.replace(/"index":\d+/, '"index":1'),
      kinds: ['wrong_proof'],
    },
    { name: 'garbage', file: 'records.jsonl', how: (text) => `{}\n${text}`, kinds: ['wrong_proof'] },
    {
      name: 'an edited root',
      file: 'checkpoints.jsonl',
      how: (text) => text.replace(/"root":"./, '"root":"_'),
      kinds: ['bad_signature', 'wrong_proof'],
    },
  ];
  for (const { name, file, how, kinds } of EDITS) {
    test(`is not verified with ${name}`, () => {
      const dir = copyExport();
      edit(path.join(dir, file), how);
      const found = new Set(verifyExport({ dir }).problems.map(({ kind }) => kind));
      assert.deepEqual([...found], kinds);
    });
  }

  test('is not verified with the keys of somebody else', () => {
    const stranger = makeStateDir();
    loadSigningKey({ stateDir: stranger });
    const keys = readPublicKeys(publicKeyFolder(path.join(stranger, 'audit')));
    assert.ok(verifyExport({ dir: copyExport(), keys }).problems.some(({ kind }) => kind === 'unknown_key'));
  });

  test('is not made of a log that does not fit its checkpoints, nor over another export', () => {
    assert.throws(() => exportWanted(made), /not empty/);
    const stateDir = makeStateDir();
    fs.cpSync(path.join(made.stateDir, 'audit'), path.join(stateDir, 'audit'), { recursive: true });
    const [writer = ''] = fs.readdirSync(path.join(stateDir, 'audit')).filter((name) => name.startsWith('2'));
    edit(path.join(stateDir, 'audit', writer, '000002.jsonl'), (text) => text.slice(text.indexOf('\n') + 1));
    assert.throws(() => exportWanted({ stateDir, dir: path.join(stateDir, 'export') }), /does not fit/);
  });
});
