import { hash } from 'node:crypto';
import type { AuditRecord } from '../../road/record.ts';
import type { LogRecord } from './log-record.ts';

/** What stands before the first line of a writer. */
export const NO_HASH = '0'.repeat(64);

const HASH_FIELD = ',"hash":"';
const LINE_END = '"}';
/** Bytes of a line that its own hash does not cover: `,"hash":"<64 hex digits>"}`. */
const UNHASHED_BYTES = HASH_FIELD.length + 64 + LINE_END.length;

/** One line of a chain, as it was read. `bytes` are those of the file, without the line feed. */
export interface Line {
  readonly seq: number;
  readonly prev: string;
  readonly hash: string;
  readonly record: AuditRecord | LogRecord;
}

/**
 * Writes one line, line feed included. The hash covers a zero byte and the exact bytes before the hash field, and
 * so also the hash of the line before. The zero byte makes it the leaf hash of RFC 6962 as well, so that chain and
 * Merkle tree cost one hash; whoever verifies needs no second serialisation, only `sha256sum`.
 */
export function formatLine(line: { seq: number; prev: string; recordJson: string }): {
  text: string;
  hash: string;
} {
  const hashed = `{"seq":${line.seq},"prev":"${line.prev}","record":${line.recordJson}`;
  const digest = hash('sha256', `\0${hashed}`);
  return { text: `${hashed}${HASH_FIELD}${digest}${LINE_END}\n`, hash: digest };
}

/** Why bytes are not a line that this format could have written. */
export type LineDamage = 'not JSON' | 'not a line of the log' | 'hash does not match the line';

/** What a line says, whether or not its hash is right. */
export function readUnverified(bytes: Buffer): Line | LineDamage {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isLine(value) ? value : 'not a line of the log';
  } catch {
    return 'not JSON';
  }
}

/** Reads one line (without its line feed) and checks its own hash; the chain is for the caller to check. */
export function parseLine(bytes: Buffer): Line | LineDamage {
  const value = readUnverified(bytes);
  if (typeof value === 'string') return value;
  // An edit that adds a second "hash" or moves it would parse the same, so the place is checked too.
  if (bytes.toString('latin1', bytes.length - UNHASHED_BYTES) !== `${HASH_FIELD}${value.hash}${LINE_END}`) {
    return 'not a line of the log';
  }
  return hashOfLine(bytes) === value.hash ? value : 'hash does not match the line';
}

/** The hash that a line's bytes (without its line feed) should carry. */
export function hashOfLine(bytes: Buffer): string {
  const length = bytes.length - UNHASHED_BYTES;
  if (leaf.length < length + 1) leaf = Buffer.alloc(length * 2);
  bytes.copy(leaf, 1, 0, length);
  return hash('sha256', leaf.subarray(0, length + 1));
}

/** Its first byte stays zero. */
let leaf = Buffer.alloc(4096);

const HEX_64 = /^[0-9a-f]{64}$/;

function isLine(value: unknown): value is Line {
  if (typeof value !== 'object' || value === null) return false;
  const { seq, prev, hash: digest, record } = value as Partial<Line>; // narrowing an object to read its fields
  return (
    Number.isSafeInteger(seq) &&
    typeof prev === 'string' &&
    HEX_64.test(prev) &&
    typeof digest === 'string' &&
    HEX_64.test(digest) &&
    typeof record === 'object' &&
    record !== null &&
    typeof record.kind === 'string'
  );
}
