import { watch, type FSWatcher } from 'node:fs';
import { resolve } from 'node:path';

const SETTLE_MS = 200;

/**
 * Watches a governance repository, and calls when a change has settled: editors write in several steps. Where
 * the machine has no watches left, changes are noticed on SIGHUP alone, and the gateway serves on.
 */
export function watchGovernance(input: {
  readonly directory: string;
  readonly onChange: (cause: string) => Promise<unknown>;
  /** Told when changes are not noticed any more. */
  readonly onLost: (why: string) => void;
}): { close(): void } {
  const { directory, onChange, onLost } = input;
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void onChange('file change'), SETTLE_MS);
  };
  const lose = (error: unknown) => onLost(error instanceof Error ? error.message : 'unknown');
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(resolve(directory), { recursive: true }, look).on('error', lose);
  } catch (error) {
    lose(error);
  }
  return {
    close: () => {
      clearTimeout(timer);
      watcher?.close();
    },
  };
}
