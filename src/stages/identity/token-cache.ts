/** A bounded cache by string. */
export interface TokenCache<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
  /** Entries held at this moment. */
  readonly size: number;
}

interface Entry<Value> {
  readonly key: string;
  readonly value: Value;
}

/**
 * Hashing a whole token would cost more than everything else that a cached one needs (1.3 ns a character), and
 * its end is a signature. So entries are found by the end of their key, and compared whole: of two keys with
 * one end, the later stays.
 */
const TAIL_CHARS = 48;

/**
 * Keeps the entries used last, in two generations: when the young one is full, it becomes the old one, and
 * the old one is dropped. A hit moves nothing in the common case, which a linked list would.
 */
export function createTokenCache<Value>(limits: {
  readonly maxEntries: number;
  readonly maxChars: number;
}): TokenCache<Value> {
  let young = new Map<string, Entry<Value>>();
  let old = new Map<string, Entry<Value>>();
  let youngChars = 0;

  function set(key: string, value: Value): void {
    remove(key);
    if (young.size >= limits.maxEntries / 2 || youngChars + key.length > limits.maxChars / 2) {
      old = young;
      young = new Map();
      youngChars = 0;
    }
    youngChars += key.length;
    young.set(tailOf(key), { key, value });
  }

  function remove(key: string): void {
    const tail = tailOf(key);
    youngChars -= young.get(tail)?.key.length ?? 0;
    young.delete(tail);
    old.delete(tail);
  }

  return {
    get(key) {
      const tail = tailOf(key);
      const entry = young.get(tail);
      if (entry !== undefined) return entry.key === key ? entry.value : undefined;
      const aged = old.get(tail);
      if (aged === undefined || aged.key !== key) return undefined;
      set(key, aged.value);
      return aged.value;
    },
    set,
    delete: remove,
    get size() {
      return young.size + old.size;
    },
  };
}

const tailOf = (key: string): string => key.slice(-TAIL_CHARS);
