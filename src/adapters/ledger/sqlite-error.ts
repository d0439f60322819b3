const SQLITE_BUSY = 5;

/** Whether SQLite failed, and with it the whole transaction. */
export function isSqliteError(error: unknown): error is Error & { readonly errcode: number } {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';
}

/** Whether another process holds the store, in any of the variants of that code. */
export function isBusy(error: unknown): boolean {
  return isSqliteError(error) && (error.errcode & 0xff) === SQLITE_BUSY;
}

export function toError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
