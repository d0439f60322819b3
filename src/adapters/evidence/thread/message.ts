/** What goes between the threads beside the batches: rare things, as messages. */
export type ToEvidence = 'stop';

export type FromEvidence =
  /** Batches are taken from now on. */
  | { readonly kind: 'ready' }
  /** What the gateway hears first where evidence cannot be opened. */
  | { readonly kind: 'unopened'; readonly error: string }
  | { readonly kind: 'fault'; readonly fault: string | undefined }
  /** What became of an operation that was not settled when its batch was answered; counted from 0. */
  | { readonly kind: 'settled'; readonly operation: number; readonly error: string | undefined }
  | { readonly kind: 'stopped'; readonly error: string | undefined };

/** What became of an operation, as a byte of the answered batch. */
export const DONE = 0;
/** A message tells later. */
export const LATER = 1;
