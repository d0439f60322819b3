/**
 * Grows sentences from a grammar: `[a|b|]` chooses one of the alternatives, which may hold further brackets;
 * `<name>` stands for one entry of a list.
 */
export type Grammar = Readonly<Record<string, readonly string[]>>;

export function expand(template: string, grammar: Grammar, random: () => number): string {
  let text = template;
  for (let depth = 0; depth < 40 && /<[a-z-]+>|\[/.test(text); depth += 1) {
    text = text.replace(/\[([^[\]]*)\]/g, (whole, inner: string) =>
      inner.includes('|') ? pick(inner.split('|'), random) : whole,
    );
    text = text.replace(/<([a-z-]+)>/g, (whole, name: string) => {
      const list = grammar[name];
      return list ? pick(list, random) : whole;
    });
    if (!/\[[^[\]]*\|/.test(text) && !hasKnownName(text, grammar)) break;
  }
  return text
    .replace(/  +/g, ' ')
    .replace(/ ([.,?!])/g, '$1')
    .trim();
}

function hasKnownName(text: string, grammar: Grammar): boolean {
  for (const [, name = ''] of text.matchAll(/<([a-z-]+)>/g)) if (grammar[name]) return true;
  return false;
}

export function pick<T>(items: readonly T[], random: () => number): T {
  return items[Math.floor(random() * items.length)] as T; // the list has entries
}
