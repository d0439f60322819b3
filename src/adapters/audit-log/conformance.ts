import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AuditLog } from '../../ports/audit-log.ts';
import type { AdminRecord, AuditRecord } from '../../road/record.ts';
import { makeClosed, makeIntent } from './testing.ts';

/** One log of an engine under test. */
export interface AuditLogUnderTest {
  /** Opens the log, as a process does when it starts. */
  open(): Promise<AuditLog>;
  /** Ends an opened log the way kill -9 would: nothing of it runs afterwards. */
  crash(log: AuditLog): Promise<void>;
  /** Every record that the engine holds, in any order, without lines of its own. */
  readRecords(): Promise<readonly AuditRecord[]>;
  dispose(): Promise<void>;
}

/** What every engine of the audit log must do. `make` makes an empty one. */
export function registerAuditLogConformance(engine: string, make: () => Promise<AuditLogUnderTest>): void {
  const check = (name: string, run: (subject: AuditLogUnderTest) => Promise<void>) =>
    void test(name, async () => {
      const subject = await make();
      try {
        await run(subject);
      } finally {
        await subject.dispose();
      }
    });

  void describe(`the ${engine} audit log`, () => {
    check('keeps intent and closed record of an attempt, field by field', async (subject) => {
      const log = await subject.open();
      const intent = makeIntent('a', { redactions: { EMAIL: 2 }, policies: ['allow-staff'] });
      const closed = makeClosed(intent, {
        refusal: { code: 'guardrail.output_blocked', detail: 'PII "…"\n' },
        outcome: 'blocked',
      });
      await log.open(intent);
      await log.close(closed);
      await log.stop();
      assert.deepEqual(sortByKind(await subject.readRecords()), [closed, intent]);
    });

    check(
      'keeps an intent that comes as JSON like any other, and closes it where it is left open',
      async (subject) => {
        const log = await subject.open();
        const intent = makeIntent('a', { model: 'm' });
        await log.open({ kind: 'opened', requestId: 'a', json: JSON.stringify(intent) });
        await subject.crash(log);
        await (await subject.open()).stop();
        const records = await subject.readRecords();
        assert.deepEqual(
          records.filter(({ kind }) => kind === 'opened'),
          [intent],
        );
        const [closed] = records.filter((record) => record.kind === 'closed');
        assert.equal(`${closed?.requestId} ${closed?.outcome} ${closed?.model}`, 'a abandoned m');
      },
    );

    check('holds an intent once open has resolved, even if the process dies at once', async (subject) => {
      const log = await subject.open();
      await log.open(makeIntent('a'));
      await subject.crash(log);
      assert.deepEqual(
        (await subject.readRecords()).map(({ kind }) => kind),
        ['opened'],
      );
    });

    check(
      'holds a closed record once close has resolved, even if the process dies at once',
      async (subject) => {
        const log = await subject.open();
        const intent = makeIntent('a');
        await log.open(intent);
        await log.close(makeClosed(intent));
        await subject.crash(log);
        assert.equal((await subject.readRecords()).filter(({ kind }) => kind === 'closed').length, 1);
      },
    );

    check('closes what a dead process left open as abandoned, once, with its story', async (subject) => {
      const log = await subject.open();
      const [left, done] = [makeIntent('left', { model: 'm' }), makeIntent('done')];
      await Promise.all([log.open(left), log.open(done)]);
      await log.close(makeClosed(done));
      await subject.crash(log);
      for (let start = 0; start < 3; start += 1) await (await subject.open()).stop();
      const closed = (await subject.readRecords()).filter((record) => record.kind === 'closed');
      assert.deepEqual(closed.map(({ requestId, outcome }) => `${requestId} ${outcome}`).toSorted(), [
        'done answered',
        'left abandoned',
      ]);
      const abandoned = closed.find(({ outcome }) => outcome === 'abandoned');
      assert.deepEqual(
        { ...abandoned, kind: 'opened', closedAtMs: 0, outcome: 0 },
        { ...left, closedAtMs: 0, outcome: 0 },
      );
    });

    check('leaves the attempts of a living process alone', async (subject) => {
      const alive = await subject.open();
      await alive.open(makeIntent('a'));
      await (await subject.open()).stop();
      await alive.close(makeClosed(makeIntent('a')));
      await alive.stop();
      const closed = (await subject.readRecords()).filter((record) => record.kind === 'closed');
      assert.deepEqual(
        closed.map(({ outcome }) => outcome),
        ['answered'],
      );
    });

    check('takes a thousand attempts at once', async (subject) => {
      const log = await subject.open();
      const intents = Array.from({ length: 1000 }, (_, index) => makeIntent(`a${index}`));
      await Promise.all(
        intents.map(async (intent) => {
          await log.open(intent);
          await log.close(makeClosed(intent));
        }),
      );
      await log.stop();
      const records = await subject.readRecords();
      assert.equal(
        new Set(records.filter(({ kind }) => kind === 'opened').map(({ requestId }) => requestId)).size,
        1000,
      );
      assert.equal(records.filter(({ kind }) => kind === 'closed').length, 1000);
    });

    check('keeps what operators did', async (subject) => {
      const log = await subject.open();
      const note: AdminRecord = {
        kind: 'admin',
        atMs: 5,
        action: 'archive.read',
        actor: 'os:root',
        requestId: 'a',
        reason: 'ticket 7',
      };
      await log.note(note);
      await subject.crash(log);
      assert.deepEqual(await subject.readRecords(), [note]);
    });

    check('takes nothing after it was stopped, and says so', async (subject) => {
      const log = await subject.open();
      assert.equal(log.fault(), undefined);
      await log.stop();
      await assert.rejects(log.open(makeIntent('a')), /stopped/);
      await assert.rejects(log.close(makeClosed(makeIntent('a'))), /stopped/);
      assert.match(log.fault() ?? '', /stopped/);
      await log.stop();
    });
  });
}

function sortByKind(records: readonly AuditRecord[]): AuditRecord[] {
  return records.toSorted((a, b) => a.kind.localeCompare(b.kind));
}
