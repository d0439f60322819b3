import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The parts of a V8 CPU profile that are read here. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface ProfileRow {
  readonly owner: string;
  /** Share of the time in which the process was busy. */
  readonly share: number;
}

/**
 * Sums up the profile in a folder by owner: the nearest caller in a room of `src/`, else the nearest package,
 * else Node itself. So the cipher counts for the archive that called it. The first `skipMs` are left out.
 */
export async function summariseProfile(folder: string, skipMs: number): Promise<ProfileRow[]> {
  const [file] = (await readdir(folder)).filter((name) => name.endsWith('.cpuprofile'));
  if (file === undefined) throw new Error(`${folder} holds no profile`);
  const profile = JSON.parse(await readFile(join(folder, file), 'utf8')) as CpuProfile; // V8 wrote it
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(
    profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id] as const)),
  );
  const owners = new Map<number, string>();
  const ownerOf = (id: number): string => {
    const known = owners.get(id);
    if (known !== undefined) return known;
    const frame = nodes.get(id)?.callFrame;
    const parent = parents.get(id);
    const owner = nameOwner(frame) ?? (parent === undefined ? 'node' : ownerOf(parent));
    owners.set(id, owner);
    return owner;
  };
  const sums = new Map<string, number>();
  let elapsedUs = 0;
  let busyUs = 0;
  for (const [index, id] of profile.samples.entries()) {
    const deltaUs = profile.timeDeltas[index] ?? 0;
    elapsedUs += deltaUs;
    if (elapsedUs < skipMs * 1000) continue;
    if (nodes.get(id)?.callFrame.functionName === '(idle)') continue;
    busyUs += deltaUs;
    const owner = ownerOf(id);
    sums.set(owner, (sums.get(owner) ?? 0) + deltaUs);
  }
  return [...sums]
    .map(([owner, us]) => ({ owner, share: us / busyUs }))
    .toSorted((a, b) => b.share - a.share);
}

function nameOwner(
  frame: { readonly functionName: string; readonly url: string } | undefined,
): string | undefined {
  if (frame === undefined) return undefined;
  if (frame.functionName === '(garbage collector)') return 'garbage collector';
  if (frame.functionName === '(program)') return 'node';
  const room = /\/src\/((?:stages|adapters)\/[^/]+|[^/]+)\//.exec(frame.url)?.[1];
  if (room !== undefined && !frame.url.includes('node_modules')) return `src/${room}`;
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(frame.url)?.[1];
}
