import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { describe, test } from 'node:test';
import { makeEntry, makeMovableClock, registerArchiveConformance } from './conformance.ts';
import { ArchiveDamagedError } from './frame.ts';
import { listFrameFiles } from './frame-index.ts';
import { openLocalArchive } from './local.ts';

const makeStateDir = () => fs.mkdtempSync(path.join(tmpdir(), 'goldenpath-archive-'));
const clock = makeMovableClock();

registerArchiveConformance('local', async () => {
  const stateDir = makeStateDir();
  return {
    open: async (clock) => openLocalArchive({ stateDir, clock }),
    dispose: async () => fs.rmSync(stateDir, { recursive: true }),
  };
});

/** An archive with one entry, and the file that holds it. */
async function makeSealed(): Promise<{ stateDir: string; file: string }> {
  const stateDir = makeStateDir();
  const archive = openLocalArchive({ stateDir, clock });
  await archive.seal(makeEntry(clock));
  await archive.stop();
  const [name = ''] = listFrameFiles(path.join(stateDir, 'archive'));
  return { stateDir, file: path.join(stateDir, 'archive', name) };
}

describe('tampering with the archive', () => {
  test('is an error at every single byte, and never other text', async () => {
    const { stateDir, file } = await makeSealed();
    const bytes = fs.readFileSync(file);
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      fs.writeFileSync(file, changed);
      fs.rmSync(path.join(stateDir, 'index'), { recursive: true, force: true });
      const archive = openLocalArchive({ stateDir, clock });
      const result = await archive.read('r1').catch((error: unknown) => error);
      await archive.stop();
      // A changed id is found under no request; whatever is found must not open.
      assert.ok(
        result instanceof Error || (Array.isArray(result) && result.length === 0),
        `byte ${at}: ${JSON.stringify(result)}`,
      );
    }
  });

  test("is found when a tenant's frame is given out for another tenant's", async () => {
    const { stateDir, file } = await makeSealed();
    const bytes = fs.readFileSync(file).toString('latin1').replace('"acme"', '"emca"');
    fs.writeFileSync(file, bytes, 'latin1');
    const archive = openLocalArchive({ stateDir, clock });
    await assert.rejects(archive.read('r1'), /missing, but was not shredded/);
    await archive.stop();
  });

  test('costs the damaged entry alone', async () => {
    const { stateDir, file } = await makeSealed();
    const first = openLocalArchive({ stateDir, clock });
    await first.seal(makeEntry(clock, { requestId: 'r2' }));
    await first.stop();
    const [other = ''] = listFrameFiles(path.join(stateDir, 'archive')).filter(
      (name) => !file.endsWith(name),
    );
    const bytes = fs.readFileSync(file);
    const next = fs.readFileSync(path.join(stateDir, 'archive', other));
    fs.rmSync(path.join(stateDir, 'archive', other));
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 0x40, at);
      fs.writeFileSync(file, Buffer.concat([changed, next]));
      fs.rmSync(path.join(stateDir, 'index'), { recursive: true, force: true });
      const archive = openLocalArchive({ stateDir, clock });
      assert.equal((await archive.read('r2')).length, 1, `byte ${at}`);
      await archive.stop();
    }
  });

  test('names the file and the byte', async () => {
    const { stateDir, file } = await makeSealed();
    const bytes = fs.readFileSync(file);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 20) ^ 1, bytes.length - 20);
    fs.writeFileSync(file, bytes);
    const archive = openLocalArchive({ stateDir, clock });
    await assert.rejects(
      archive.read('r1'),
      (error) => error instanceof ArchiveDamagedError && /\.gpa at byte 0/.test(error.message),
    );
    await archive.stop();
  });
});

describe('the local archive on the disk', () => {
  test('holds no text, and keys that only their owner may read', async () => {
    const { stateDir } = await makeSealed();
    for (const name of fs.readdirSync(stateDir, { recursive: true, encoding: 'utf8' })) {
      const file = path.join(stateDir, name);
      if (fs.statSync(file).isDirectory()) continue;
      assert.ok(!fs.readFileSync(file).includes('how long?'), name);
      if (name.startsWith('keys')) assert.equal(fs.statSync(file).mode & 0o077, 0, name);
    }
  });

  test('refuses a key that was shredded and then brought back from a backup', async () => {
    const { stateDir } = await makeSealed();
    const backup = makeStateDir();
    fs.cpSync(path.join(stateDir, 'keys'), backup, { recursive: true });
    const archive = openLocalArchive({ stateDir, clock });
    await archive.shred('acme');
    await archive.stop();
    fs.cpSync(backup, path.join(stateDir, 'keys'), {
      recursive: true,
      filter: (from) => !from.endsWith('shredded.jsonl'),
    });
    const again = openLocalArchive({ stateDir, clock });
    assert.deepEqual(await again.readWithReasons('r1'), {
      parts: [],
      withheld: [{ part: 'prompt', reason: 'shredded' }],
    });
    await again.stop();
  });

  test('finishes a shred that was cut off after its tombstone', async () => {
    const { stateDir } = await makeSealed();
    const keys = path.join(stateDir, 'keys', 'archive');
    const [folder = ''] = fs.readdirSync(keys);
    const [name = ''] = fs.readdirSync(path.join(keys, folder));
    fs.writeFileSync(
      path.join(keys, 'shredded.jsonl'),
      `${JSON.stringify({ tenant: 'acme', key: name.replace('.json', ''), atMs: 1 })}\n`,
    );
    await openLocalArchive({ stateDir, clock }).stop();
    assert.ok(!fs.existsSync(path.join(keys, folder, name)));
  });

  test('finds entries again after the index was deleted, and leaves out a torn frame at the end', async () => {
    const { stateDir, file } = await makeSealed();
    fs.appendFileSync(file, fs.readFileSync(file).subarray(0, 70));
    fs.rmSync(path.join(stateDir, 'index'), { recursive: true, force: true });
    const archive = openLocalArchive({ stateDir, clock });
    assert.equal((await archive.read('r1')).length, 1);
    await archive.stop();
  });

  test('refuses to start without the master key that wrapped its keys, and to read with another one', async () => {
    const { stateDir } = await makeSealed();
    const file = path.join(stateDir, 'keys', 'archive-master.key');
    fs.rmSync(file);
    assert.throws(() => openLocalArchive({ stateDir, clock }), /restore it from a backup/);
    fs.writeFileSync(file, Buffer.alloc(32, 7).toString('base64'));
    const archive = openLocalArchive({ stateDir, clock });
    await assert.rejects(archive.read('r1'), /another master key/);
    await archive.stop();
  });

  test('refuses the tenant whose key is broken, and seals for the others', async () => {
    const { stateDir } = await makeSealed();
    const keys = path.join(stateDir, 'keys', 'archive');
    const [name = ''] = fs
      .readdirSync(keys, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.json'));
    const file = path.join(keys, name);
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('"wrapped":"', '"wrapped":"AAAA'));
    const archive = openLocalArchive({ stateDir, clock });
    const [broken, whole] = await Promise.allSettled([
      archive.seal(makeEntry(clock, { requestId: 'r2' })),
      archive.seal(makeEntry(clock, { requestId: 'r3', tenant: 'globex' })),
    ]);
    assert.deepEqual([broken.status, whole.status, archive.fault()], ['rejected', 'fulfilled', undefined]);
    assert.equal((await archive.read('r3')).length, 1);
    await archive.stop();
  });

  test('refuses to seal while the disk fails, and seals again when it is back', async () => {
    const { stateDir } = await makeSealed();
    const dir = path.join(stateDir, 'archive');
    const movable = makeMovableClock();
    const archive = openLocalArchive({ stateDir, clock: movable });
    fs.renameSync(dir, `${dir}-away`);
    fs.writeFileSync(dir, 'not a folder');
    await assert.rejects(archive.seal(makeEntry(movable, { requestId: 'r2' })));
    assert.ok(archive.fault());
    fs.rmSync(dir);
    fs.renameSync(`${dir}-away`, dir);
    movable.moveMs(1001);
    assert.equal(archive.fault(), undefined);
    await archive.seal(makeEntry(movable, { requestId: 'r2' }));
    assert.equal((await archive.read('r2')).length, 1);
    await archive.stop();
  });
});
