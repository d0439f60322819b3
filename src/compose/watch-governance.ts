import { watch, type FSWatcher } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const SETTLE_MS = 200;
const POLL_MS = 2000;

/**
 * Watches a governance repository, and calls when a change has settled: editors write in several steps. The
 * kernel tells at once, and loses what it watches: Node's recursive watch stays with the file that a save by
 * rename replaced (Linux), and a machine may have no watches left. So the files are also looked at every two
 * seconds, which alone is enough.
 */
export function watchGovernance(input: {
  readonly directory: string;
  readonly onChange: (cause: string) => Promise<unknown>;
  /** Told when changes are noticed by looking alone. */
  readonly onLost: (why: string) => void;
}): { close(): void } {
  const { onChange, onLost } = input;
  const directory = resolve(input.directory);
  const poll = { isOver: false, seen: takeFingerprint(directory) };
  let settling: NodeJS.Timeout | undefined;
  const settle = () => {
    // Before the files are read: what changes after this look is found by the next one.
    poll.seen = takeFingerprint(directory);
    void poll.seen.then(() => (poll.isOver ? undefined : onChange('file change')));
  };
  const notice = () => {
    clearTimeout(settling);
    if (!poll.isOver) settling = setTimeout(settle, SETTLE_MS);
  };
  const look = async () => {
    const before = poll.seen;
    const differs = (await takeFingerprint(directory)) !== (await before);
    // A change that settled in the meantime was told already.
    if (differs && before === poll.seen) notice();
    if (!poll.isOver) looking = setTimeout(() => void look(), POLL_MS).unref();
  };
  let looking = setTimeout(() => void look(), POLL_MS).unref();
  const lose = (error: unknown) => onLost(error instanceof Error ? error.message : 'unknown');
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(directory, { recursive: true }, notice).on('error', lose);
  } catch (error) {
    lose(error);
  }
  return {
    close: () => {
      poll.isOver = true;
      clearTimeout(settling);
      clearTimeout(looking);
      watcher?.close();
    },
  };
}

/** What a look shows of a folder: equal as long as nothing in it changed. Never rejects. */
async function takeFingerprint(directory: string): Promise<string> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    const shown = entries
      // What a repository does not read: git's own files are many, and change often.
      .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
      .map(async (entry) => {
        const path = join(directory, entry.name);
        const inside = entry.isDirectory() ? await takeFingerprint(path) : await describeFile(path);
        return `${entry.name}\0${inside}`;
      });
    return (await Promise.all(shown)).toSorted().join('\n');
  } catch {
    return 'away';
  }
}

async function describeFile(path: string): Promise<string> {
  const { ino, size, mtimeNs, ctimeNs } = await lstat(path, { bigint: true });
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}
