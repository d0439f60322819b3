/** The log's own lines: they stand in the chain among the records, and only the log writes them. */
export type LogRecord = WriterStart | SegmentStart | Recovered | Gap | WriterStop;

/** A writer that stood in the folder when another one started. */
export interface Predecessor {
  readonly writer: string;
  /** Complete lines that it had, and the hash of the last of them. */
  readonly lines: number;
  readonly head: string;
  /** `ended`: its process is gone, so nothing may follow. `live`: more may follow. */
  readonly state: 'ended' | 'live';
  /** Bytes after the last complete line, which a dying process or a full disk left behind. */
  readonly tornBytes?: number;
}

/** The first line of every writer. */
export interface WriterStart {
  readonly kind: 'log.writer';
  readonly format: 1;
  readonly writer: string;
  readonly startedAtMs: number;
  readonly role: string;
  /** Id of the key that signs this writer's checkpoints. */
  readonly key: string;
  /** So that the removal of a whole writer is found. */
  readonly predecessors: readonly Predecessor[];
}

/** The first line of every later segment: the chain goes on. */
export interface SegmentStart {
  readonly kind: 'log.segment';
  readonly number: number;
  /** Attempts that are open now, with the segment that holds their intent. */
  readonly open: readonly (readonly [requestId: string, segment: number])[];
}

/** What the process before left open was closed by this writer, in the lines before this one. */
export interface Recovered {
  readonly kind: 'log.recovered';
  readonly writers: readonly string[];
  readonly abandoned: number;
}

/** Closed records that were given up while the disk was away and memory was full. */
export interface Gap {
  readonly kind: 'log.gap';
  readonly lost: number;
}

/** The last line of a writer that stopped in order. */
export interface WriterStop {
  readonly kind: 'log.stop';
  readonly stoppedAtMs: number;
}
