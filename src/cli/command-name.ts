import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The command as it was called, ready for a shell: what is printed to paste works where it is read. */
export const COMMAND = quote(process.env['GOLDENPATH_COMMAND'] ?? locateScript());

/** As a shell reads it back. */
export function quote(text: string): string {
  return /^[\w./~:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Started past its script, by `npm start` or by node: the script of this checkout, from where we are. */
function locateScript(): string {
  const script = fileURLToPath(new URL('../../goldenpath', import.meta.url));
  const path = relative('', script);
  if (path.startsWith('..') || isAbsolute(path)) return script;
  return path.includes('/') ? path : `./${path}`;
}
