import { checkpointFile } from './checkpoint-file.ts';
import { CHECKPOINTS, readCheckpoints, type ReadCheckpoint } from './read-claims.ts';
import { publicKeyFolder, readPublicKeys } from './signing-key.ts';

/** The first signed checkpoint that covers a line; `undefined` where none does yet. */
export function findCoveringCheckpoint(
  auditDir: string,
  line: { readonly writer: string; readonly seq: number },
): ReadCheckpoint | undefined {
  return readSigned(auditDir).find(({ writer, size }) => writer === line.writer && size > line.seq);
}

/** The newest signed checkpoint of every writer, oldest first. */
export function findNewestCheckpoints(auditDir: string): ReadCheckpoint[] {
  return [...new Map(readSigned(auditDir).map((checkpoint) => [checkpoint.writer, checkpoint])).values()];
}

/** Checkpoints whose signature is good, smallest first. */
function readSigned(auditDir: string): ReadCheckpoint[] {
  const keys = readPublicKeys(publicKeyFolder(auditDir));
  const file = checkpointFile(auditDir);
  const checkpoints = readCheckpoints({ file, name: CHECKPOINTS, keys, report: () => undefined });
  return checkpoints.toSorted((a, b) => a.size - b.size);
}
