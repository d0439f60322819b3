import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { LOCK_FILE } from './parts.ts';
import { lockSchema } from './schemas.ts';

/** The published versions of a repository; none where there is no lock yet. */
export async function readLock(directory: string): Promise<z.infer<typeof lockSchema>> {
  try {
    return lockSchema.parse(JSON.parse(await readFile(join(directory, LOCK_FILE), 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { prompts: {}, guardrails: {}, prices: {} };
    throw new Error(`${LOCK_FILE} cannot be read; restore it from git`, { cause: error });
  }
}
