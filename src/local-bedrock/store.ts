import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseGuardrailConfig } from '../guardrail-engine/index.ts';
import { toArn, type Place } from './describe.ts';
import type { GuardrailStore, StoredGuardrail } from './guardrail.ts';

/** Keeps guardrails in memory alone. */
export function createMemoryStore(initial: readonly StoredGuardrail[] = []): GuardrailStore {
  const guardrails = new Map(initial.map((guardrail) => [guardrail.id, guardrail]));
  return {
    get: (id) => guardrails.get(id),
    list: () => [...guardrails.values()],
    put: async (guardrail) => void guardrails.set(guardrail.id, guardrail),
    remove: async (id) => void guardrails.delete(id),
  };
}

/**
 * Keeps each guardrail in a file of its own as well. Throws where a file is not what this store writes, or was written
 * for another Region or account.
 */
export async function openFileStore(directory: string, place: Place): Promise<GuardrailStore> {
  await mkdir(directory, { recursive: true });
  const names = (await readdir(directory)).filter((name) => name.endsWith('.json'));
  const read = await Promise.all(names.map((name) => readGuardrail(join(directory, name), place)));
  const memory = createMemoryStore(
    read.toSorted((a, b) => a.draft.createdAt.localeCompare(b.draft.createdAt) || a.id.localeCompare(b.id)),
  );
  const fileOf = (id: string) => join(directory, `${id}.json`);
  return {
    ...memory,
    // The file first: what could not be kept is not answered as if it were.
    async put(guardrail) {
      const file = fileOf(guardrail.id);
      await writeFile(`${file}.new`, `${JSON.stringify(guardrail, undefined, 2)}\n`);
      await rename(`${file}.new`, file);
      await memory.put(guardrail);
    },
    async remove(id) {
      await rm(fileOf(id), { force: true });
      await memory.remove(id);
    },
  };
}

const idempotency = z.object({ token: z.string(), request: z.string() });
const version = z.object({
  version: z.string(),
  config: z.unknown(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  failures: z.array(z.object({ reason: z.string(), recommendation: z.string() })),
  madeBy: idempotency.optional(),
});
const guardrailFile = z.object({
  id: z.string().regex(/^[a-z0-9]+$/),
  arn: z.string(),
  tags: z.array(z.object({ key: z.string(), value: z.string() })),
  draft: version,
  versions: z.array(version),
  lastVersion: z.int(),
  madeBy: idempotency.optional(),
});

async function readGuardrail(file: string, place: Place): Promise<StoredGuardrail> {
  const fail = (cause: string) =>
    new Error(`${file}: ${cause}; remove the file, or restore what was written there`);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch {
    throw fail('is not JSON');
  }
  const result = guardrailFile.safeParse(json);
  if (!result.success) throw fail('is not a guardrail of the local Bedrock');
  const { draft, versions, ...rest } = result.data;
  if (rest.arn !== toArn(rest.id, place)) throw fail(`is ${rest.arn}, of another Region or account`);
  const readVersion = (stored: typeof draft) => {
    const parsed = parseGuardrailConfig(stored.config);
    if (!parsed.ok) throw fail(`version ${stored.version} has a configuration that is not valid`);
    return { ...stored, config: parsed.config };
  };
  return { ...rest, draft: readVersion(draft), versions: versions.map(readVersion) };
}
