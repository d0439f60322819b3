import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseCheckpoint, signCheckpoint } from './checkpoint.ts';
import { openLocalAuditLog } from './local.ts';
import { listWriters } from './read-log.ts';
import { loadSigningKey, publicKeyFolder, readPublicKeys } from './signing-key.ts';
import { makeStateDir, runAttempts, testClock } from './testing.ts';
import { verifyLog } from './verify.ts';

/** Lines of a segment, 0-based, without line feeds. */
type Lines = string[];
interface Found {
  readonly kind: string;
  /** `1/000002.jsonl:3`: the writer's number, the segment, the line. */
  readonly at: string;
}

/** Hashes a line anew after its text was changed, as an attacker without the signing key would. */
function rehash(line: string): string {
  const hashed = line.slice(0, -75);
  return `${hashed},"hash":"${hash('sha256', `\0${hashed}`)}"}`;
}

interface Tampering {
  readonly name: string;
  /** Edits one segment of a writer, by default the second of the first. */
  readonly edit?: (lines: Lines) => Lines;
  readonly segment?: string;
  readonly act?: (log: { audit: string; writers: readonly string[] }) => void;
  readonly found: readonly Found[];
}

const swap = (a: number, b: number) => (lines: Lines) => {
  const next = [...lines];
  [next[a], next[b]] = [next[b] ?? '', next[a] ?? ''];
  return next;
};
const change = (index: number, how: (line: string) => string) => (lines: Lines) =>
  lines.map((line, at) => (at === index ? how(line) : line));
const SECOND = '0/000002.jsonl';
const edited = (at: string): Found[] => [{ kind: 'edited_line', at }];

const TAMPERINGS: readonly Tampering[] = [
  { name: 'an untouched log', found: [] },
  ...Object.entries<(line: string) => string>({
    seq: (line) => line.replace(/"seq":(\d)/, '"seq":9$1'),
    prev: (line) => line.replace(/"prev":"./, '"prev":"_'),
    subject: (line) => line.replace('ünal', 'anna'),
    tenant: (line) => line.replace('acme', 'emca'),
    kind: (line) => line.replace(/"kind":"(opened|closed)"/, '"kind":"admin"'),
    hash: (line) => line.replace(/"hash":"(.)/, (_, digit) => `"hash":"${digit === '0' ? '1' : '0'}`),
    'white space': (line) => line.replace('{"seq"', '{ "seq"'),
    'bytes after its end': (line) => `${line} `,
    'a second hash': (line) => line.replace(/}$/, ',"hash":"x"}'),
  }).map(([name, how]): Tampering => ({
    name: `an edited ${name}`,
    edit: change(3, how),
    found: edited(`${SECOND}:4`),
  })),
  {
    name: 'an edited line, hashed anew',
    edit: change(3, (line) => rehash(line.replace('ünal', 'anna'))),
    found: edited(`${SECOND}:4`),
  },
  {
    name: 'a line that was replaced by one of another place',
    edit: (lines) =>
      lines.map((line, at) =>
        at === 3 ? rehash((lines[1] ?? '').replace(/"seq":\d+/, `"seq":${JSON.parse(line).seq}`)) : line,
      ),
    found: edited(`${SECOND}:4`),
  },
  {
    name: 'a removed line',
    edit: (lines) => lines.toSpliced(3, 1),
    found: [{ kind: 'removed_lines', at: `${SECOND}:4` }],
  },
  {
    name: 'three removed lines',
    edit: (lines) => lines.toSpliced(2, 4),
    found: [{ kind: 'removed_lines', at: `${SECOND}:3` }],
  },
  { name: 'two swapped lines', edit: swap(2, 3), found: [{ kind: 'reordered_lines', at: `${SECOND}:4` }] },
  {
    name: 'two swapped lines far apart',
    edit: swap(1, 5),
    found: [{ kind: 'reordered_lines', at: `${SECOND}:3` }],
  },
  {
    name: 'a duplicated line',
    edit: (lines) => lines.toSpliced(3, 0, lines[3] ?? ''),
    found: [{ kind: 'duplicated_line', at: `${SECOND}:5` }],
  },
  {
    name: 'a segment whose end is cut off',
    edit: (lines) => lines.slice(0, -2),
    found: [{ kind: 'removed_lines', at: '0/000003.jsonl:1' }],
  },
  {
    name: 'zeros over a line',
    edit: change(3, (line) => '\0'.repeat(line.length)),
    found: [{ kind: 'torn_line', at: `${SECOND}:4` }],
  },
  {
    name: 'zeros over a line of the last writer',
    segment: '1/last',
    edit: (lines) => [...lines.slice(0, -2), '\0'.repeat(lines.at(-2)?.length ?? 0), lines.at(-1) ?? ''],
    found: [{ kind: 'truncated_tail', at: '1/last' }],
  },
  {
    name: 'a removed segment',
    act: ({ audit, writers }) => fs.rmSync(path.join(audit, writers[0] ?? '', '000002.jsonl')),
    found: [{ kind: 'removed_segment', at: SECOND }],
  },
  {
    name: 'a removed first segment',
    act: ({ audit, writers }) => fs.rmSync(path.join(audit, writers[0] ?? '', '000001.jsonl')),
    found: [{ kind: 'removed_segment', at: '0/000001.jsonl' }],
  },
  {
    name: 'a removed writer',
    act: ({ audit, writers }) => fs.rmSync(path.join(audit, writers[0] ?? ''), { recursive: true }),
    found: [{ kind: 'removed_writer', at: '0' }],
  },
  {
    name: 'a removed last writer',
    act: ({ audit, writers }) => fs.rmSync(path.join(audit, writers[1] ?? ''), { recursive: true }),
    found: [{ kind: 'removed_writer', at: '1' }],
  },
  {
    name: 'a truncated tail of a writer that another one followed',
    segment: '0/last',
    edit: (lines) => lines.slice(0, -1),
    found: [{ kind: 'truncated_tail', at: '0/last' }],
  },
  {
    name: 'a truncated tail of the last writer',
    segment: '1/last',
    edit: (lines) => lines.slice(0, -1),
    found: [{ kind: 'truncated_tail', at: '1/last' }],
  },
  {
    name: 'a line that was added after the writer had ended',
    segment: '0/last',
    edit: (lines) => {
      const last = JSON.parse(lines.at(-1) ?? '');
      const record = { kind: 'admin', atMs: 1, action: 'gateway.stop', actor: 'me' };
      return [
        ...lines,
        rehash(
          `${JSON.stringify({ seq: last.seq + 1, prev: last.hash, record }).slice(0, -1)}${' '.repeat(75)}`,
        ),
      ];
    },
    found: [{ kind: 'foreign_line', at: '0/last' }],
  },
  {
    name: 'a checkpoint that was signed with another key',
    act: ({ audit }) => resign(audit, { publish: false }),
    found: [{ kind: 'unknown_key', at: 'checkpoints.jsonl:2' }],
  },
  {
    name: 'a checkpoint whose content was changed',
    act: ({ audit }) =>
      editCheckpoint(audit, (line) =>
        line.replace(/"size":(\d+)/, (_, size) => `"size":${Number(size) - 1}`),
      ),
    found: [{ kind: 'bad_signature', at: 'checkpoints.jsonl:2' }],
  },
  {
    name: 'a checkpoint that is garbage',
    act: ({ audit }) => editCheckpoint(audit, (line) => line.slice(20)),
    found: [{ kind: 'unreadable_checkpoint', at: 'checkpoints.jsonl:2' }],
  },
];

void describe('the verifier', () => {
  let pristine: string;
  before(async () => {
    pristine = await makePristineLog();
  });
  after(() => fs.rmSync(pristine, { recursive: true }));

  for (const tampering of TAMPERINGS) {
    void test(`finds ${tampering.name}`, () => {
      const { audit, writers } = copyLog(pristine);
      tampering.act?.({ audit, writers });
      if (tampering.edit !== undefined)
        editSegment({ audit, writers, segment: tampering.segment ?? SECOND, edit: tampering.edit });
      const { problems } = verifyLog({
        auditDir: audit,
        keys: readPublicKeys(publicKeyFolder(path.join(pristine, 'audit'))),
      });
      const found = problems.map(({ kind, file, line }) => ({
        kind,
        at: short({ file, line, writers, audit }),
      }));
      for (const expected of tampering.found) {
        assert.ok(
          found.some((one) => one.kind === expected.kind && matches(one.at, expected.at)),
          JSON.stringify({ expected, problems }, null, 1),
        );
      }
      if (tampering.found.length === 0) assert.deepEqual(problems, []);
    });
  }

  void test('reports one edit as one problem', () => {
    const { audit, writers } = copyLog(pristine);
    editSegment({ audit, writers, segment: SECOND, edit: change(3, (line) => line.replace('ünal', 'anna')) });
    assert.equal(verifyLog({ auditDir: audit }).problems.length, 1);
  });

  void test('finds a chain that was rewritten to its end, by the signed checkpoints', () => {
    const { audit, writers } = copyLog(pristine);
    rewriteChain(path.join(audit, writers[1] ?? ''));
    const kinds = verifyLog({ auditDir: audit }).problems.map(({ kind }) => kind);
    assert.ok(kinds.length > 0 && kinds.every((kind) => kind === 'wrong_root'), String(kinds));
  });

  void test('finds a truncation that took the checkpoints along, with an anchor', () => {
    const { audit, writers } = copyLog(pristine);
    const checkpoints = path.join(audit, 'checkpoints.jsonl');
    const anchorFile = path.join(audit, '..', 'anchor.jsonl');
    fs.copyFileSync(checkpoints, anchorFile);
    fs.writeFileSync(
      checkpoints,
      fs
        .readFileSync(checkpoints, 'utf8')
        .split('\n')
        .filter((line) => !line.includes(writers[1] ?? ''))
        .join('\n'),
    );
    editSegment({ audit, writers, segment: '1/last', edit: (lines) => lines.slice(0, -1) });
    assert.deepEqual(verifyLog({ auditDir: audit }).problems, []);
    const { problems } = verifyLog({ auditDir: audit, anchorFile });
    assert.ok(problems.length >= 1 && problems.every(({ kind }) => kind === 'truncated_tail'));
  });

  void test('does not trust checkpoints that were signed anew, once the right key is pinned', () => {
    const { audit } = copyLog(pristine);
    resign(audit, { publish: true });
    assert.deepEqual(verifyLog({ auditDir: audit }).problems, []);
    const { problems } = verifyLog({
      auditDir: audit,
      keys: readPublicKeys(publicKeyFolder(path.join(pristine, 'audit'))),
    });
    assert.deepEqual([...new Set(problems.map(({ kind }) => kind))], ['unknown_key']);
  });
});

/** Two writers, the first of several segments. */
async function makePristineLog(): Promise<string> {
  const stateDir = makeStateDir();
  const limits = { segmentBytes: 6000, checkpointLines: 8 };
  for (const name of ['a', 'b']) {
    const log = await openLocalAuditLog({ stateDir, clock: testClock, limits });
    await runAttempts(
      log,
      Array.from({ length: 20 }, (_, index) => `${name}${index}`),
    );
    await log.stop();
  }
  assert.deepEqual(verifyLog({ auditDir: path.join(stateDir, 'audit') }).problems, []);
  return stateDir;
}

function copyLog(stateDir: string): { audit: string; writers: readonly string[] } {
  const copy = makeStateDir();
  fs.cpSync(stateDir, copy, { recursive: true });
  const audit = path.join(copy, 'audit');
  return { audit, writers: listWriters(audit) };
}

function segmentFile({
  audit,
  writers,
  segment,
}: {
  audit: string;
  writers: readonly string[];
  segment: string;
}): string {
  const [number = '0', name = ''] = segment.split('/');
  const dir = path.join(audit, writers[Number(number)] ?? '');
  const last = fs
    .readdirSync(dir)
    .filter((file) => /^\d+\.jsonl$/.test(file) && fs.statSync(path.join(dir, file)).size > 0)
    .sort()
    .at(-1);
  return path.join(dir, name === 'last' ? (last ?? '') : name);
}

function editSegment(to: {
  audit: string;
  writers: readonly string[];
  segment: string;
  edit: (lines: Lines) => Lines;
}): void {
  const file = segmentFile(to);
  const lines = fs.readFileSync(file, 'utf8').trimEnd().split('\n');
  fs.writeFileSync(file, `${to.edit(lines).join('\n')}\n`);
}

function editCheckpoint(audit: string, edit: (line: string) => string): void {
  const file = path.join(audit, 'checkpoints.jsonl');
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  fs.writeFileSync(file, lines.map((line, index) => (index === 1 ? edit(line) : line)).join('\n'));
}

/** Signs all checkpoints anew with a key of the attacker. */
function resign(audit: string, { publish }: { publish: boolean }): void {
  const attacker = makeStateDir();
  const key = loadSigningKey({ stateDir: attacker });
  const file = path.join(audit, 'checkpoints.jsonl');
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  const signed = lines.map((line) => {
    const checkpoint = parseCheckpoint(line);
    return checkpoint === undefined ? line : signCheckpoint(checkpoint, key).trimEnd();
  });
  fs.writeFileSync(file, signed.join('\n'));
  if (publish)
    fs.cpSync(publicKeyFolder(path.join(attacker, 'audit')), publicKeyFolder(audit), { recursive: true });
}

/** Edits a writer's third line and makes its whole chain fit again. */
function rewriteChain(dir: string): void {
  let prev = '0'.repeat(64);
  for (const name of fs
    .readdirSync(dir)
    .filter((file) => file.endsWith('.jsonl'))
    .sort()) {
    const lines = fs
      .readFileSync(path.join(dir, name), 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    const written = lines.map((line) => {
      const { seq } = JSON.parse(line);
      const next = rehash(
        (seq === 2 ? line.replace('ünal', 'anna') : line).replace(/"prev":"[0-9a-f]+"/, `"prev":"${prev}"`),
      );
      prev = JSON.parse(next).hash;
      return `${next}\n`;
    });
    fs.writeFileSync(path.join(dir, name), written.join(''));
  }
}

/** The place of a problem with the writer's number for its name. */
function short({
  file,
  line,
  writers,
  audit,
}: {
  file: string;
  line: number | undefined;
  writers: readonly string[];
  audit: string;
}): string {
  let name = file;
  for (const [index, writer] of writers.entries()) {
    if (
      path.join(audit, file) ===
      segmentFile({
        audit: audit,
        writers: writers.map((w, i) => (i === index && fs.existsSync(path.join(audit, w)) ? w : '')),
        segment: `${index}/last`,
      })
    )
      name = `${index}/last`;
    name = name.replace(writer, String(index));
  }
  return line === undefined ? name : `${name}:${line}`;
}

function matches(at: string, expected: string): boolean {
  return at === expected || (expected.endsWith('/last') && at.startsWith(`${expected}:`));
}
