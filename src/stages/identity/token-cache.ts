/** A bounded cache by string. */
export interface TokenCache<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
  /** Entries held at this moment. */
  readonly size: number;
}

/**
 * Keeps the entries used last, in two generations: when the young one is full, it becomes the old one, and
 * the old one is dropped. A hit moves nothing in the common case, which a linked list would.
 */
export function createTokenCache<Value>(limits: {
  readonly maxEntries: number;
  readonly maxChars: number;
}): TokenCache<Value> {
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();
  let youngChars = 0;

  function set(key: string, value: Value): void {
    if (!young.has(key)) {
      if (young.size >= limits.maxEntries / 2 || youngChars + key.length > limits.maxChars / 2) {
        old = young;
        young = new Map();
        youngChars = 0;
      }
      youngChars += key.length;
    }
    young.set(key, value);
  }

  return {
    get(key) {
      const value = young.get(key);
      if (value !== undefined) return value;
      const aged = old.get(key);
      if (aged !== undefined) {
        old.delete(key);
        set(key, aged);
      }
      return aged;
    },
    set,
    delete(key) {
      if (young.delete(key)) youngChars -= key.length;
      old.delete(key);
    },
    get size() {
      return young.size + old.size;
    },
  };
}
