const FIRST_MS = 500;
const EVERY_MS = 100;

/** Says on a terminal how far long work is, and leaves nothing of it there; says nothing where nobody watches. */
export function createProgress(what: string): {
  readonly show: (done: number, all: number) => void;
  readonly clear: () => void;
} {
  const isWatched = process.stderr.isTTY;
  let nextMs = performance.now() + FIRST_MS;
  let isShown = false;
  return {
    show: (done, all) => {
      if (!isWatched || performance.now() < nextMs) return;
      nextMs = performance.now() + EVERY_MS;
      isShown = true;
      process.stderr.write(`\r${done} of ${all} ${what}\u001b[K`);
    },
    clear: () => {
      if (isShown) process.stderr.write('\r\u001b[K');
    },
  };
}
