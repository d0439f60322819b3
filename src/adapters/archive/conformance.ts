import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Archive, ArchiveEntry } from '../../ports/archive.ts';
import type { Clock } from '../../ports/clock.ts';

const DAY_MS = 86_400_000;

/** One archive of an engine under test. */
export interface ArchiveUnderTest {
  /** Opens the archive, as a process does when it starts. Several may be open at once. */
  open(clock: Clock): Promise<Archive>;
  dispose(): Promise<void>;
}

/** A clock that a test moves. */
export interface MovableClock extends Clock {
  moveMs(byMs: number): void;
}

export function makeMovableClock(startMs = Date.UTC(2026, 2, 1, 12)): MovableClock {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    monotonicUs: () => nowMs * 1000,
    random: Math.random,
    moveMs: (byMs) => void (nowMs += byMs),
  };
}

/** Makes an entry of this moment. */
export function makeEntry(clock: Clock, entry: Partial<ArchiveEntry> = {}): ArchiveEntry {
  return {
    requestId: 'r1',
    tenant: 'acme',
    part: 'prompt',
    text: 'how long? ü 🙂',
    writtenAtMs: clock.nowMs(),
    retentionDays: 90,
    ...entry,
  };
}

/** What every engine of the archive must do. `make` makes an empty one. */
export function registerArchiveConformance(engine: string, make: () => Promise<ArchiveUnderTest>): void {
  const check = (name: string, run: (subject: ArchiveUnderTest, clock: MovableClock) => Promise<void>) =>
    void test(name, async () => {
      const subject = await make();
      try {
        await run(subject, makeMovableClock());
      } finally {
        await subject.dispose();
      }
    });
  const textsOf = async (archive: Archive, requestId: string) =>
    (await archive.read(requestId)).map(({ text }) => text);

  describe(`the ${engine} archive`, () => {
    check(
      'returns every part of a request, byte for byte, and nothing of another one',
      async (subject, clock) => {
        const archive = await subject.open(clock);
        const [prompt, answer] = [
          makeEntry(clock),
          makeEntry(clock, { part: 'answer', text: 'x'.repeat(100_000) }),
        ];
        await Promise.all([
          archive.seal(prompt),
          archive.seal(answer),
          archive.seal(makeEntry(clock, { requestId: 'r2', text: 'other' })),
        ]);
        const parts = await archive.read('r1');
        assert.deepEqual(
          parts.map(({ part, text, writtenAtMs }) => [part, text, writtenAtMs]),
          [
            ['prompt', prompt.text, clock.nowMs()],
            ['answer', answer.text, clock.nowMs()],
          ],
        );
        assert.deepEqual(await archive.read('nobody'), []);
        await archive.stop();
      },
    );

    check('keeps what was sealed for the next process', async (subject, clock) => {
      const first = await subject.open(clock);
      await first.seal(makeEntry(clock));
      await first.stop();
      const second = await subject.open(clock);
      assert.deepEqual(await textsOf(second, 'r1'), [makeEntry(clock).text]);
      await second.stop();
    });

    check('shreds one tenant and leaves the others', async (subject, clock) => {
      const archive = await subject.open(clock);
      await archive.seal(makeEntry(clock));
      await archive.seal(makeEntry(clock, { requestId: 'r2', tenant: 'globex' }));
      assert.equal(await archive.shred('acme'), 1);
      assert.deepEqual(await textsOf(archive, 'r1'), []);
      assert.equal((await textsOf(archive, 'r2')).length, 1);
      assert.equal(await archive.shred('acme'), 0);
      await archive.stop();
    });

    check(
      'seals under a new key after a shred, which the shredded text does not come back with',
      async (subject, clock) => {
        const archive = await subject.open(clock);
        await archive.seal(makeEntry(clock));
        await archive.shred('acme');
        await archive.seal(makeEntry(clock, { requestId: 'r2', text: 'after' }));
        assert.deepEqual(await textsOf(archive, 'r1'), []);
        assert.deepEqual(await textsOf(archive, 'r2'), ['after']);
        await archive.stop();
      },
    );

    check('notices at once that another process shredded a tenant', async (subject, clock) => {
      const gateway = await subject.open(clock);
      await gateway.seal(makeEntry(clock));
      const command = await subject.open(clock);
      assert.equal(await command.shred('acme'), 1);
      await gateway.seal(makeEntry(clock, { requestId: 'r2', text: 'after' }));
      assert.deepEqual(await textsOf(gateway, 'r1'), []);
      assert.deepEqual(await textsOf(command, 'r2'), ['after']);
      await command.stop();
      await gateway.stop();
    });

    check('returns nothing from the moment that its retention ends', async (subject, clock) => {
      const archive = await subject.open(clock);
      await archive.seal(makeEntry(clock, { retentionDays: 2 }));
      clock.moveMs(2 * DAY_MS - 1);
      assert.equal((await textsOf(archive, 'r1')).length, 1);
      clock.moveMs(1);
      assert.deepEqual(await textsOf(archive, 'r1'), []);
      await archive.stop();
    });

    check('deletes what is past its retention, within a day, and keeps the rest', async (subject, clock) => {
      const archive = await subject.open(clock);
      await archive.seal(makeEntry(clock, { retentionDays: 2 }));
      await archive.seal(makeEntry(clock, { retentionDays: 2, part: 'answer' }));
      await archive.seal(makeEntry(clock, { requestId: 'r2', retentionDays: 30 }));
      assert.equal(await archive.expire(clock.nowMs()), 0);
      clock.moveMs(3 * DAY_MS);
      assert.equal(await archive.expire(clock.nowMs()), 2);
      assert.equal(await archive.expire(clock.nowMs()), 0);
      assert.equal((await textsOf(archive, 'r2')).length, 1);
      await archive.seal(makeEntry(clock, { requestId: 'r3', retentionDays: 2 }));
      assert.equal((await textsOf(archive, 'r3')).length, 1);
      await archive.stop();
    });

    check('takes nothing after it was stopped, and says so', async (subject, clock) => {
      const archive = await subject.open(clock);
      assert.equal(archive.fault(), undefined);
      await archive.stop();
      await assert.rejects(archive.seal(makeEntry(clock)), /stopped/);
      assert.match(archive.fault() ?? '', /stopped/);
    });
  });
}
