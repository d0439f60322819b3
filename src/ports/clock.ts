/** Time and chance come in from outside, so that tests can hold them. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Microseconds of a clock that never goes backward. */
  monotonicUs(): number;
  /** A number in [0, 1). */
  random(): number;
}
