/** What goes between the threads beside the operations: rare things, as messages. */
export type ToEvidence = 'stop';

export type FromEvidence =
  /** Operations are taken from now on. */
  | { readonly kind: 'ready' }
  /** What the gateway hears first where evidence cannot be opened. */
  | { readonly kind: 'unopened'; readonly error: string }
  | { readonly kind: 'fault'; readonly fault: string | undefined }
  /** Why an operation failed; counted from 0. */
  | { readonly kind: 'failed'; readonly operation: number; readonly error: string }
  | { readonly kind: 'stopped'; readonly error: string | undefined };
