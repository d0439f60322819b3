import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, test } from 'node:test';
import type { AuditRecord } from '../../road/record.ts';
import { registerAuditLogConformance } from './conformance.ts';
import { openSystemFiles, type AuditFiles } from './file-system.ts';
import { openLocalAuditLog } from './local.ts';
import { LogWriter } from './log-writer.ts';
import { listWriters, scanLines } from './read-log.ts';
import { makeClosed, makeIntent, makeStateDir, readRecords, runAttempts, testClock } from './testing.ts';
import { verifyLog } from './verify.ts';

const systemFiles = openSystemFiles();

const isOurs = (record: { kind: string }): record is AuditRecord => !record.kind.startsWith('log.');

registerAuditLogConformance('local', async () => {
  const stateDir = makeStateDir();
  return {
    open: () => openLocalAuditLog({ stateDir, clock: testClock }),
    crash: async (log) => {
      assert.ok(log instanceof LogWriter);
      log.abort();
    },
    readRecords: async () => readRecords(stateDir).filter(isOurs),
    dispose: async () => fs.rmSync(stateDir, { recursive: true }),
  };
});

/**
 * A disk that can be full. While it is, writes are cut off half-way; and syncs fail, and lose what was to be
 * synced, as Linux does: after a failed writeback the pages are dropped and called clean.
 */
function makeFragileDisk(): { files: AuditFiles; state: { failWrites: boolean; failSyncs: boolean } } {
  const state = { failWrites: false, failSyncs: false };
  const failure = () => Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  let unsynced: { fd: number; position: number; length: number }[] = [];
  const files: AuditFiles = {
    ...systemFiles,
    writeSync: ((fd: number, bytes: Buffer, offset: number, length: number, position: number | null) => {
      if (position !== null) unsynced.push({ fd, position, length });
      if (!state.failWrites) return systemFiles.writeSync(fd, bytes, offset, length, position);
      systemFiles.writeSync(fd, bytes, offset, Math.ceil(length / 2), position);
      throw failure();
    }) as AuditFiles['writeSync'], // the one overload that the log calls
    fdatasync: (fd, done) => {
      const dropped = unsynced.filter((write) => write.fd === fd);
      unsynced = unsynced.filter((write) => write.fd !== fd);
      if (!state.failSyncs) return systemFiles.fdatasync(fd, done);
      for (const { position, length } of dropped)
        systemFiles.writeSync(fd, Buffer.alloc(length), 0, length, position);
      setImmediate(() => done(failure()));
    },
  };
  return { files, state };
}

const QUICK = { retryMs: 5, segmentBytes: 8000, checkpointLines: 8 };

void describe('a disk that fails', () => {
  for (const failing of ['failWrites', 'failSyncs'] as const) {
    void test(`refuses intents, keeps closed records and recovers by itself (${failing})`, async () => {
      const stateDir = makeStateDir();
      const { files, state } = makeFragileDisk();
      const faults: (string | undefined)[] = [];
      const log = await openLocalAuditLog({
        stateDir,
        clock: testClock,
        files,
        limits: QUICK,
        onFault: (fault) => faults.push(fault),
      });
      await runAttempts(log, ['before']);
      await log.open(makeIntent('during'));

      state[failing] = true;
      await assert.rejects(log.open(makeIntent('refused')), /ENOSPC/);
      assert.match(log.fault() ?? '', /ENOSPC/);
      await assert.rejects(log.open(makeIntent('refused at once')), /ENOSPC/);
      const closes = [
        log.close(makeClosed(makeIntent('during'))),
        log.close(makeClosed(makeIntent('refused'), { outcome: 'refused' })),
      ];
      await new Promise((resolve) => setTimeout(resolve, 30));

      state[failing] = false;
      await Promise.all(closes);
      while (log.fault() !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
      await runAttempts(
        log,
        Array.from({ length: 20 }, (_, index) => `after${index}`),
      );
      await log.stop();

      assert.equal(faults.length, 2);
      assert.equal(faults[1], undefined);
      const closed = readRecords(stateDir).filter((record) => record.kind === 'closed');
      assert.equal(closed.length, 23);
      assert.deepEqual(verifyLog({ auditDir: path.join(stateDir, 'audit') }).problems, []);
    });
  }

  void test('admits in the log what it had to give up when memory was full too', async () => {
    const stateDir = makeStateDir();
    const { files, state } = makeFragileDisk();
    const log = await openLocalAuditLog({
      stateDir,
      clock: testClock,
      files,
      limits: { ...QUICK, heldBytes: 2000 },
    });
    const intents = Array.from({ length: 10 }, (_, index) => makeIntent(`a${index}`));
    await Promise.all(intents.map((intent) => log.open(intent)));
    state.failWrites = true;
    await assert.rejects(log.open(makeIntent('x')));
    const results = Promise.allSettled(intents.map((intent) => log.close(makeClosed(intent))));
    state.failWrites = false;
    const lost = (await results).filter(({ status }) => status === 'rejected').length;
    assert.ok(lost > 0 && lost < 10, String(lost));
    await log.stop();
    assert.deepEqual(
      readRecords(stateDir).filter((record) => record.kind === 'log.gap'),
      [{ kind: 'log.gap', lost }],
    );
    assert.deepEqual(
      verifyLog({ auditDir: path.join(stateDir, 'audit') }).problems.map(({ kind }) => kind),
      ['records_lost'],
    );
  });

  void test('refuses those who wait for a disk that hangs, and goes on when it answers', async () => {
    const stateDir = makeStateDir();
    let hang: (() => void) | undefined;
    let isHanging = false;
    const files: AuditFiles = {
      ...systemFiles,
      fdatasync: (fd, done) => {
        if (isHanging) hang = () => systemFiles.fdatasync(fd, done);
        else systemFiles.fdatasync(fd, done);
      },
    };
    const log = await openLocalAuditLog({
      stateDir,
      clock: testClock,
      files,
      limits: { ...QUICK, stallMs: 100 },
    });
    isHanging = true;
    await assert.rejects(log.open(makeIntent('a')), /not answered/);
    await assert.rejects(log.open(makeIntent('b')), /not answered/);
    isHanging = false;
    hang?.();
    while (log.fault() !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    await log.close(makeClosed(makeIntent('a'), { outcome: 'refused' }));
    await runAttempts(log, ['c']);
    await log.stop();
    assert.deepEqual(verifyLog({ auditDir: path.join(stateDir, 'audit') }).problems, []);
  });

  void test('does not open a log that it cannot write', async () => {
    const { files, state } = makeFragileDisk();
    state.failWrites = true;
    await assert.rejects(
      openLocalAuditLog({ stateDir: makeStateDir(), clock: testClock, files, limits: QUICK }),
      /ENOSPC/,
    );
  });
});

void describe('recovery', () => {
  void test('closes an attempt once, though recovery itself is cut off after its records and before its end', async () => {
    const stateDir = makeStateDir();
    const log = await openLocalAuditLog({ stateDir, clock: testClock });
    await log.open(makeIntent('left'));
    if (log instanceof LogWriter) log.abort();
    for (let start = 0; start < 3; start += 1) {
      const next = await openLocalAuditLog({ stateDir, clock: testClock });
      if (next instanceof LogWriter) next.abort();
      forgetRecovery(stateDir);
    }
    await (await openLocalAuditLog({ stateDir, clock: testClock })).stop();
    assert.equal(readRecords(stateDir).filter((record) => record.kind === 'closed').length, 1);
    assert.deepEqual(verifyLog({ auditDir: path.join(stateDir, 'audit') }).problems, []);
  });

  void test('finds attempts that were opened many segments ago', async () => {
    const stateDir = makeStateDir();
    const log = await openLocalAuditLog({ stateDir, clock: testClock, limits: QUICK });
    await log.open(makeIntent('left'));
    await runAttempts(
      log,
      Array.from({ length: 60 }, (_, index) => `a${index}`),
    );
    if (log instanceof LogWriter) log.abort();
    await (await openLocalAuditLog({ stateDir, clock: testClock })).stop();
    const abandoned = readRecords(stateDir).filter(
      (record) => record.kind === 'closed' && record.outcome === 'abandoned',
    );
    assert.equal(abandoned.length, 1);
  });

  void test('leaves a torn last line where it is, and nobody takes it for a record', async () => {
    const stateDir = makeStateDir();
    const log = await openLocalAuditLog({ stateDir, clock: testClock });
    await runAttempts(log, ['a']);
    if (log instanceof LogWriter) log.abort();
    const file = firstSegment(stateDir);
    writeAt(file, scanLines({ file }, () => undefined).end, '{"seq":3,"prev":"0');
    await (await openLocalAuditLog({ stateDir, clock: testClock })).stop();
    assert.deepEqual(verifyLog({ auditDir: path.join(stateDir, 'audit') }).problems, []);
    const starts = readRecords(stateDir).filter((record) => record.kind === 'log.writer');
    assert.equal(starts[1]?.predecessors[0]?.tornBytes, 18);
    assert.ok(fs.readFileSync(file, 'utf8').endsWith('}\n{"seq":3,"prev":"0'), 'zeros stayed behind');
  });

  void test('passes over the zeros that a dead writer left ahead of its lines, and takes them away', async () => {
    const stateDir = makeStateDir();
    const log = await openLocalAuditLog({ stateDir, clock: testClock });
    await runAttempts(log, ['a']);
    const file = firstSegment(stateDir);
    const { end } = scanLines({ file }, () => undefined);
    assert.ok(fs.statSync(file).size > end, 'there are no zeros');
    assert.deepEqual(verifyLog({ auditDir: path.join(stateDir, 'audit') }).problems, []);
    if (log instanceof LogWriter) log.abort();
    await (await openLocalAuditLog({ stateDir, clock: testClock })).stop();
    assert.equal(fs.statSync(file).size, end);
    const starts = readRecords(stateDir).filter((record) => record.kind === 'log.writer');
    assert.equal(starts[1]?.predecessors[0]?.tornBytes, undefined);
    assert.deepEqual(verifyLog({ auditDir: path.join(stateDir, 'audit') }).problems, []);
  });

  void test('takes nothing for a line that a power cut left behind a hole', async () => {
    const stateDir = makeStateDir();
    const log = await openLocalAuditLog({ stateDir, clock: testClock });
    await runAttempts(log, ['a']);
    if (log instanceof LogWriter) log.abort();
    const file = firstSegment(stateDir);
    const lines = fs.readFileSync(file).subarray(0, scanLines({ file }, () => undefined).end);
    // Of lines that were never synced, the disk may have kept a later page and not an earlier one.
    writeAt(file, lines.length + 4096, lines.subarray(0, 500).toString());
    writeAt(file, lines.length + 5000, '{"half a line\n');
    await (await openLocalAuditLog({ stateDir, clock: testClock })).stop();
    assert.deepEqual(verifyLog({ auditDir: path.join(stateDir, 'audit') }).problems, []);
    const starts = readRecords(stateDir).filter((record) => record.kind === 'log.writer');
    assert.equal(starts[1]?.predecessors[0]?.tornBytes, 5000 + 14);
  });
});

function firstSegment(stateDir: string): string {
  const auditDir = path.join(stateDir, 'audit');
  return path.join(auditDir, listWriters(auditDir)[0] ?? '', '000001.jsonl');
}

function writeAt(file: string, position: number, text: string): void {
  const fd = fs.openSync(file, 'r+');
  fs.writeSync(fd, text, position);
  fs.closeSync(fd);
}

/** Takes back the marks with which a recovery ends, as if the process had died before it set them. */
function forgetRecovery(stateDir: string): void {
  for (const writer of listWriters(path.join(stateDir, 'audit'))) {
    fs.rmSync(path.join(stateDir, 'audit', writer, 'taken-over.json'), { force: true });
  }
}

void test('an intent that comes just when a sync has ended is synced, too', async () => {
  const files: AuditFiles = {
    ...systemFiles,
    // At once, so that the moment can be met by counting.
    fdatasync: (_fd, done) => done(null),
  };
  const log = await openLocalAuditLog({ stateDir: makeStateDir(), clock: testClock, files });
  for (let moments = 0; moments < 40; moments += 1) {
    const first = log.open(makeIntent(`a${moments}`));
    for (let moment = 0; moment < moments; moment += 1) await Promise.resolve();
    const second = log.open(makeIntent(`b${moments}`)).then(() => 'durable');
    const late = new Promise((resolve) => setTimeout(resolve, 1000, `forgotten after ${moments}`));
    await first;
    assert.equal(await Promise.race([second, late]), 'durable');
  }
  await log.stop();
});
