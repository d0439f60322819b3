/** A response, the sources it should rest on, and the question it should answer. */
export type SupportInput = { sources: readonly string[]; query: string; response: string };
