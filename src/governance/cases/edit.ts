/** An edit of the example's governance repository, and every problem that `goldenpath check` then finds. */
export interface GovernanceCase {
  readonly name: string;
  /** By path: a new text, `null` to remove the file, or what to replace in it. */
  readonly edit: Readonly<Record<string, string | null | Replacement>>;
  /** `stale`: the lock is the one from before the edit. */
  readonly lock?: 'stale';
  readonly problems: readonly ExpectedProblem[];
}

export interface Replacement {
  readonly replace: string;
  readonly with: string;
}

/** `cause` and `fix` are parts of the whole. */
export interface ExpectedProblem {
  readonly file: string;
  readonly line: number;
  readonly cause: string;
  readonly fix: string;
}

/** A capability that is right, for cases about something else. */
export const ASSISTANT = 'capabilities/support-assistant.yaml';
export const LOCK = 'versions.lock.json';

export function applyEdit(
  files: ReadonlyMap<string, string>,
  edit: GovernanceCase['edit'],
): Map<string, string> {
  const edited = new Map(files);
  for (const [path, change] of Object.entries(edit)) {
    if (change === null) edited.delete(path);
    else if (typeof change === 'string') edited.set(path, change);
    else {
      const text = edited.get(path);
      if (text?.includes(change.replace) !== true)
        throw new Error(`${path} does not contain ${change.replace}`);
      edited.set(
        path,
        text.replace(change.replace, () => change.with),
      );
    }
  }
  return new Map([...edited].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
