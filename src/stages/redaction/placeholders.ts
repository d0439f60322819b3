import type { Redacted } from '../../road/proofs.ts';

/**
 * Numbers what is masked: the same value gets the same placeholder within a request. A placeholder that
 * the conversation already contains is never handed out: else a client could write `[EMAIL_1]` and have
 * somebody else's address put in its place.
 */
export class Placeholders {
  readonly #taken: ReadonlySet<string>;
  readonly #byValue = new Map<string, Redacted>();
  readonly #next = new Map<string, number>();

  constructor(texts: Iterable<string>) {
    this.#taken = findPlaceholderLookalikes(texts);
  }

  mask(type: string, value: string, origin: Redacted['origin']): string {
    const key = `${type}\0${value}`;
    const known = this.#byValue.get(key);
    if (known !== undefined) {
      // What the caller wrote itself it may get back, wherever else it stands.
      if (origin === 'caller' && known.origin === 'platform') this.#byValue.set(key, { ...known, origin });
      return known.placeholder;
    }
    const placeholder = this.#allocate(type);
    this.#byValue.set(key, { placeholder, value, type, origin });
    return placeholder;
  }

  list(): readonly Redacted[] {
    return [...this.#byValue.values()];
  }

  #allocate(type: string): string {
    for (;;) {
      const number = (this.#next.get(type) ?? 0) + 1;
      this.#next.set(type, number);
      const placeholder = `[${type}_${number}]`;
      if (!this.#taken.has(placeholder)) return placeholder;
    }
  }
}

function findPlaceholderLookalikes(texts: Iterable<string>): ReadonlySet<string> {
  const found = new Set<string>();
  for (const text of texts) {
    if (!text.includes('[')) continue;
    for (const [lookalike] of text.matchAll(/\[[A-Z_]{1,64}_[0-9]{1,10}\]/g)) found.add(lookalike);
  }
  return found;
}
