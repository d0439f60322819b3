import assert from 'node:assert/strict';
import type { Balance, Ledger } from '../../../ports/ledger.ts';
import type { LedgerUnderTest } from '../conformance.ts';
import { chargesOf, usageOf, type Round, type Step } from './random-history.ts';
import { DAY_MS, ReferenceLedger } from './reference-ledger.ts';

const START_MS = Date.UTC(2026, 10, 30, 23, 59, 58);

/** Plays a history on two processes of an engine and on the reference, and compares every answer and all balances. */
export async function replayHistory(subject: LedgerUnderTest, rounds: readonly Round[]): Promise<void> {
  const history = new Replay(await Promise.all([subject.open(), subject.open()]));
  for (const [number, round] of rounds.entries()) {
    history.advance(round.advanceMs);
    if (round.event === 'expire') await history.expire(number);
    if (round.event === 'crash') await history.crash(subject, number);
    await Promise.all(round.lanes.map((steps, lane) => history.run({ lane, steps, number })));
    await history.compareBalances(number);
  }
  await Promise.all(history.ledgers.map((ledger) => ledger.stop()));
}

/** Without the limit: a scope that was forgotten and comes back knows that of an older reservation. */
function showBalance({ scope, kind, window, settled, reserved }: Balance): string {
  return `${kind} ${scope} ${window}: ${settled} + ${reserved}`;
}

class Replay {
  nowMs = START_MS;
  #latestMs = START_MS;
  readonly ledgers: Ledger[];
  readonly #reference = new ReferenceLedger();
  readonly #ids = new Map<number, string[]>();
  /** The highest that a scope may stand: its highest limit, and what was used beyond what was reserved. */
  readonly #ceilings = new Map<string, { limit: number; above: number }>();
  readonly #reserved = new Map<string, number>();

  constructor(ledgers: Ledger[]) {
    this.ledgers = ledgers;
  }

  advance(byMs: number): void {
    this.nowMs += byMs;
    this.#latestMs = Math.max(this.#latestMs, this.nowMs);
  }

  async expire(number: number): Promise<void> {
    const expired = await this.#ledgerOf(number).expire(this.nowMs);
    assert.deepEqual(expired.map(({ id }) => id).toSorted(), this.#reference.expire(this.nowMs).toSorted());
  }

  async crash(subject: LedgerUnderTest, number: number): Promise<void> {
    await subject.crash(this.#ledgerOf(number));
    this.ledgers[number % this.ledgers.length] = await subject.open();
  }

  /** All at once, as the lane's requests come in one turn. Lanes with even and odd numbers are on two processes. */
  async run({
    lane,
    steps,
    number,
  }: {
    lane: number;
    steps: readonly Step[];
    number: number;
  }): Promise<void> {
    const ledger = this.#ledgerOf(number + lane);
    await Promise.all(steps.map((step) => this.#play(ledger, lane, step)));
  }

  async compareBalances(number: number): Promise<void> {
    const show = (balances: readonly Balance[]) =>
      balances
        .filter(({ kind, window }) => kind !== 'total' || !this.#isLongOver(window))
        .map((balance) => showBalance(balance))
        .toSorted();
    const balances = await this.#ledgerOf(number).readBalances({ nowMs: this.nowMs });
    assert.deepEqual(show(balances), show(this.#reference.readBalances(this.nowMs)));
    for (const { scope, kind, settled, reserved } of balances) {
      const { limit, above } = this.#ceilings.get(scope) ?? { limit: 0, above: 0 };
      assert.ok(settled >= 0 && reserved >= 0, `${scope} stands at ${settled} + ${reserved}`);
      assert.ok(settled + reserved <= limit + above, `${kind} ${scope}: ${settled} + ${reserved} > ${limit}`);
    }
  }

  async #play(ledger: Ledger, lane: number, step: Step): Promise<void> {
    const { nowMs } = this;
    const ids = this.#ids.get(lane) ?? [];
    this.#ids.set(lane, ids);
    if (step.kind === 'reserve') {
      const id = `${lane}-${ids.length}`;
      ids.push(id);
      const charges = chargesOf(step, { lane, nowMs });
      for (const charge of charges) {
        const limit = charge.rule.kind === 'bucket' ? charge.rule.burst : charge.rule.limit;
        this.#raiseCeiling(charge.scope, { limit, above: 0 });
        this.#reserved.set(`${id} ${charge.scope}`, charge.amount);
      }
      const request = { id, nowMs, expiresAtMs: nowMs + step.lifetimeMs, charges };
      const expected = this.#reference.reserve(request);
      const { retryAfterMs: _, ...result } = { retryAfterMs: 0, ...(await ledger.reserve(request)) };
      assert.deepEqual(result, expected);
      return;
    }
    // From the newest backward; beyond the oldest, one that never was.
    const id = ids[ids.length - 1 - step.which] ?? `${lane}-never`;
    if (step.kind === 'release') {
      this.#reference.release({ id, nowMs });
      await ledger.release({ id, nowMs });
      return;
    }
    const actual = usageOf(step, lane);
    for (const { scope, amount } of actual) {
      const above = Math.max(0, amount - (this.#reserved.get(`${id} ${scope}`) ?? amount));
      this.#raiseCeiling(scope, { limit: 0, above });
    }
    const expected = this.#reference.settle({ id, nowMs, actual });
    assert.equal((await ledger.settle({ id, nowMs, actual })).state, expected);
  }

  #raiseCeiling(scope: string, by: { limit: number; above: number }): void {
    const { limit, above } = this.#ceilings.get(scope) ?? { limit: 0, above: 0 };
    this.#ceilings.set(scope, { limit: Math.max(limit, by.limit), above: above + by.above });
  }

  /** Whether a window has been over for more than a day: an engine may have forgotten it. */
  #isLongOver(window: string): boolean {
    return (Number(window.replace('day-', '')) + 2) * DAY_MS <= this.#latestMs;
  }

  #ledgerOf(number: number): Ledger {
    const ledger = this.ledgers[number % this.ledgers.length];
    assert.ok(ledger);
    return ledger;
  }
}
