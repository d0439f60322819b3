import { fileURLToPath } from 'node:url';
import { relative } from 'node:path';

/** The example that ships with the checkout: what is served when nothing else is said. */
export const DEFAULT_GOVERNANCE =
  process.env['GOLDENPATH_GOVERNANCE'] ??
  (relative('', fileURLToPath(new URL('../../examples/support-desk', import.meta.url))) || '.');

/** Where state is kept when nothing else is said. */
export const DEFAULT_STATE = process.env['GOLDENPATH_STATE'] ?? '.goldenpath';

export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 8080;
