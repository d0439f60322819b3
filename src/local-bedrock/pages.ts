import { invalid } from './service-error.ts';

/** One page of a list, and the token of the next. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextToken: string | undefined;
}

/**
 * Cuts a page out of a list. A token names the last item of the page before, so that what is created or deleted
 * meanwhile shifts nothing; it is for the very same list alone.
 */
export function cutPage<Item>(
  items: readonly Item[],
  options: {
    readonly list: string;
    readonly keyOf: (item: Item) => string;
    readonly maxResults: number;
    readonly nextToken: string | undefined;
  },
): Page<Item> {
  const { list, keyOf, maxResults, nextToken } = options;
  const from = nextToken === undefined ? 0 : findStart(items.map(keyOf), readToken(nextToken, list));
  const page = items.slice(from, from + maxResults);
  const last = page.at(-1);
  const isMore = from + page.length < items.length && last !== undefined;
  return { items: page, nextToken: isMore ? writeToken({ list, after: keyOf(last) }) : undefined };
}

function findStart(keys: readonly string[], after: string): number {
  const index = keys.findIndex((key) => key > after);
  return index === -1 ? keys.length : index;
}

function writeToken(token: { list: string; after: string }): string {
  return Buffer.from(JSON.stringify([token.list, token.after])).toString('base64url');
}

function readToken(text: string, list: string): string {
  try {
    const token: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (Array.isArray(token) && token[0] === list && typeof token[1] === 'string') return token[1];
  } catch {
    // said below
  }
  throw invalid('The provided nextToken is not valid for this request.');
}
