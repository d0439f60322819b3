import type { ClosedRecord } from '../road/record.ts';

/** Tells the outside about attempts, after they are closed. Holds no text, and never fails a request. */
export interface Telemetry {
  closed(record: ClosedRecord): void;
  stop(): Promise<void>;
}
