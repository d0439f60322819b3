/** What a rule of the scan is about. */
export interface ScanRule {
  /** Stable: people allow findings and build alerts by it. */
  readonly id: string;
  /** `error`: a secret or a call around the gateway. `warning`: a client that may go around it. */
  readonly severity: 'error' | 'warning';
  readonly title: string;
  /** What to do. */
  readonly advice: string;
}

/** One place that leads around the gateway. It never holds a secret. */
export interface Finding {
  readonly rule: ScanRule;
  /** Relative to the scanned directory, with forward slashes. */
  readonly file: string;
  /** From 1, as editors count. */
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** The host, the call, or the first four characters of a secret. */
  readonly excerpt: string;
}

/** What was looked at, what was not, and what was found. */
export interface ScanReport {
  readonly findings: readonly Finding[];
  readonly scannedFiles: number;
  /** Findings that a comment with a reason allows. */
  readonly allowed: number;
  readonly skipped: {
    readonly ignored: number;
    readonly binary: number;
    readonly tooLarge: number;
    readonly links: number;
  };
  /** Files and directories that could not be read: the scan is not complete. */
  readonly unreadable: readonly string[];
}
