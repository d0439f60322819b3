import { sign, verify, type KeyObject } from 'node:crypto';

/** What a checkpoint says: these lines of this writer were durable, and this is the root of their tree. */
export interface Unsigned {
  readonly writer: string;
  readonly size: number;
  /** Root of RFC 6962's tree over the hashes of the lines, hex. */
  readonly root: string;
  /** Hash of the last line, hex. */
  readonly head: string;
  readonly atMs: number;
}

/** A checkpoint as it stands in a file: one line of JSON whose signature covers the bytes before it. */
export interface Checkpoint extends Unsigned {
  /** Id of the key that signed. */
  readonly key: string;
  readonly signature: string;
}

const SIGNATURE_FIELD = ',"signature":"';

/** Signs a checkpoint (Ed25519) and returns its line, line feed included. */
export function signCheckpoint(checkpoint: Unsigned, signing: { id: string; privateKey: KeyObject }): string {
  const { writer, size, root, head, atMs } = checkpoint;
  const signed = JSON.stringify({ writer, size, root, head, atMs, key: signing.id }).slice(0, -1);
  return `${signed}${SIGNATURE_FIELD}${sign(null, Buffer.from(signed), signing.privateKey).toString('base64')}"}\n`;
}

/** Reads a checkpoint's line; `undefined` where it is none. Its signature is not checked yet. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isCheckpoint(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the line was signed with this key, byte for byte. */
export function isSignedBy(text: string, publicKey: KeyObject): boolean {
  const line = text.trimEnd();
  const end = line.lastIndexOf(SIGNATURE_FIELD);
  const signature = parseCheckpoint(line)?.signature;
  if (end === -1 || line.slice(end + SIGNATURE_FIELD.length) !== `${signature}"}`) return false;
  return verify(null, Buffer.from(line.slice(0, end)), publicKey, Buffer.from(signature ?? '', 'base64'));
}

function isCheckpoint(value: unknown): value is Checkpoint {
  if (typeof value !== 'object' || value === null) return false;
  const checkpoint = value as Partial<Checkpoint>; // narrowing an object to read its fields
  return (
    typeof checkpoint.writer === 'string' &&
    Number.isSafeInteger(checkpoint.size) &&
    typeof checkpoint.root === 'string' &&
    typeof checkpoint.head === 'string' &&
    typeof checkpoint.atMs === 'number' &&
    typeof checkpoint.key === 'string' &&
    typeof checkpoint.signature === 'string'
  );
}
