/**
 * What goes on the record of an error of the SDK: its name. Its message may repeat what was sent, and the name
 * of an unknown error event comes from the wire, so it counts only where it can be nothing but a name.
 */
export function nameOfError(cause: unknown): string {
  const name = cause instanceof Error ? cause.name : '';
  return /^[A-Za-z]{1,64}$/.test(name) ? name.charAt(0).toUpperCase() + name.slice(1) : 'unknown error';
}
