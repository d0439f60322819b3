import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTokenCache } from './token-cache.ts';

describe('the cache of verified tokens', () => {
  it('never holds more entries, or longer ones, than it may', () => {
    const cache = createTokenCache<number>({ maxEntries: 10, maxChars: 100 });
    for (let index = 0; index < 1000; index += 1) {
      cache.set(String(index), index);
      assert.ok(cache.size <= 10);
    }
    for (let index = 0; index < 100; index += 1) {
      cache.set(`${index}`.padEnd(40, '-'), index);
      assert.ok(index < 2 || cache.size <= 2); // the short ones leave with their generation
    }
  });

  it('keeps what is used, and forgets what is not', () => {
    const cache = createTokenCache<number>({ maxEntries: 10, maxChars: 1000 });
    cache.set('used', 1);
    cache.set('unused', 2);
    for (let index = 0; index < 100; index += 1) {
      cache.set(String(index), index);
      assert.equal(cache.get('used'), 1);
    }
    assert.equal(cache.get('unused'), undefined);
  });

  it('never takes one key for another with the same end', () => {
    const cache = createTokenCache<number>({ maxEntries: 10, maxChars: 10_000 });
    const [one, two] = [`one${'-'.repeat(200)}`, `two${'-'.repeat(200)}`];
    cache.set(one, 1);
    assert.equal(cache.get(two), undefined);
    cache.set(two, 2);
    assert.deepEqual([cache.get(one), cache.get(two), cache.size], [undefined, 2, 1]);
  });

  it('counts an entry that is replaced or removed once', () => {
    const cache = createTokenCache<number>({ maxEntries: 4, maxChars: 1000 });
    for (let index = 0; index < 100; index += 1) cache.set('one', index);
    assert.deepEqual([cache.get('one'), cache.size], [99, 1]);
    cache.delete('one');
    assert.deepEqual([cache.get('one'), cache.size], [undefined, 0]);
  });
});
