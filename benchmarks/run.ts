import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { load, percentile, type LoadOptions } from './load.ts';
import { summariseProfile, type ProfileRow } from './profile.ts';
import {
  findOlderNode,
  OUR_NODE,
  startBareProxy,
  startGoldenpath,
  startPortkey,
  startUpstream,
  type Server,
} from './servers.ts';
import { loadStreams } from './streams.ts';

/** What one server did in one round. */
interface Row {
  readonly name: string;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuUsPerRequest: number;
  readonly errors: number;
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    memory: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    streams: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write(`npm run bench -- [--seconds N] [--streams] [--memory] [--profile] [--json]

Compares a bare Node proxy, Portkey's npm package (no controls on) and Goldenpath (all controls on) with one
instant upstream, in one run on this machine. Portkey runs twice: on the Node that Goldenpath brings along, and on
the older Node 20. Ratios are what counts: figures of other machines differ.

  --seconds N   how long each server is measured in each round (5)
  --streams     also 512 streams at once: time to the first token, and how many arrive whole
  --memory      also Goldenpath's memory after 10,000 and after 100,000 requests
  --profile     also where Goldenpath's time goes, by room of the house and by package
  --json        the figures as JSON
`);
  process.exit(0);
}

/** Start-up and compilation by V8 are not where the time of a running gateway goes. */
const PROFILE_SKIP_MS = 3000;
/** V8 goes on compiling for some 90,000 requests; what is measured is a gateway that has been running. */
const WARM_UP_REQUESTS = 100_000;
const WARM_UP_MS = 40_000;
const durationMs = Number(values.seconds) * 1000;
const PROMPT =
  'Our customer writes about an order that has not come yet and asks what can be done about it now. '
    .repeat(11)
    .slice(0, 1024);
const BODY = JSON.stringify({ model: 'support-assistant', messages: [{ role: 'user', content: PROMPT }] });

const say = (text: string) => process.stderr.write(`${text}\n`);
const olderNode = findOlderNode();
const upstream = await startUpstream(18_101);
const servers: Server[] = [];
try {
  servers.push(await startBareProxy(18_102, upstream));
  servers.push(await startPortkey(18_103, upstream, OUR_NODE));
  servers.push(await startPortkey(18_107, upstream, olderNode));
  servers.push(await startGoldenpath(18_104, upstream));
  for (const server of servers) {
    say(`warming ${server.name} …`);
    await load({ ...optionsOf(server), connections: 32, durationMs: WARM_UP_MS, requests: WARM_UP_REQUESTS });
  }
  const busy = await measureAll('32 connections', 32);
  const alone = await measureAll('1 connection', 1);
  const streams = values.streams ? await measureStreams() : undefined;
  const memory = values.memory ? await measureMemory() : undefined;
  const profile = values.profile ? await measureProfile() : undefined;
  if (values.json)
    process.stdout.write(`${JSON.stringify({ busy, alone, streams, memory, profile }, null, 2)}\n`);
  else {
    print(busy, alone);
    if (profile !== undefined) printProfile(profile);
  }
} finally {
  await Promise.all([...servers, upstream].map((server) => server.stop()));
}

function optionsOf(server: Server): Pick<LoadOptions, 'port' | 'path' | 'headers' | 'body'> {
  return { port: server.port, path: server.path, headers: server.headers, body: BODY };
}

/** Three rounds, the servers in turn, and the median of each: a noisy moment then spoils one round of one server. */
async function measureAll(title: string, connections: number): Promise<Row[]> {
  const rounds: Row[][] = [];
  for (let round = 1; round <= 3; round++) {
    const rows: Row[] = [];
    for (const server of servers) {
      say(`${title}, round ${round} of 3: ${server.name} …`);
      const before = server.cpuUs();
      const result = await load({ ...optionsOf(server), connections, durationMs: durationMs / 3 });
      rows.push({
        name: server.name,
        perSecond: result.perSecond,
        p50Ms: percentile(result.latenciesMs, 0.5),
        p99Ms: percentile(result.latenciesMs, 0.99),
        cpuUsPerRequest: (server.cpuUs() - before) / result.answers,
        errors: result.errors,
      });
    }
    rounds.push(rows);
  }
  return servers.map((server, index) =>
    medianRow(
      server.name,
      rounds.map((rows) => rows[index]).filter((row) => row !== undefined),
    ),
  );
}

function medianRow(name: string, rows: readonly Row[]): Row {
  const median = (pick: (row: Row) => number) =>
    rows.map(pick).toSorted((a, b) => a - b)[Math.floor(rows.length / 2)] ?? Number.NaN;
  return {
    name,
    perSecond: median((row) => row.perSecond),
    p50Ms: median((row) => row.p50Ms),
    p99Ms: median((row) => row.p99Ms),
    cpuUsPerRequest: median((row) => row.cpuUsPerRequest),
    errors: rows.reduce((sum, row) => sum + row.errors, 0),
  };
}

async function measureStreams() {
  const body = BODY.replace('{', '{"stream":true,');
  const results = [];
  for (const server of servers) {
    say(`512 streams: ${server.name} …`);
    const result = await loadStreams({ ...optionsOf(server), body, streams: 512 });
    const row = {
      name: server.name,
      clean: result.clean,
      firstTokenP50Ms: percentile(result.firstTokenMs, 0.5),
      firstTokenP99Ms: percentile(result.firstTokenMs, 0.99),
    };
    results.push(row);
    const first = `, first token p50 ${row.firstTokenP50Ms.toFixed(1)} ms, p99 ${row.firstTokenP99Ms.toFixed(1)} ms`;
    say(`  ${row.clean} of 512 clean${row.clean === 0 ? '' : first}`);
  }
  return results;
}

/** A process of its own, so that the first 10,000 requests are its first. */
async function measureMemory() {
  const server = await startGoldenpath(18_106, upstream);
  const run = (requests: number) =>
    load({ ...optionsOf(server), connections: 32, durationMs: 600_000, requests });
  say('memory: 10,000 requests …');
  await run(10_000);
  const after10k = server.residentBytes();
  say('memory: 90,000 more …');
  await run(90_000);
  const after100k = server.residentBytes();
  const growth = after100k / after10k - 1;
  say(
    `memory: ${mib(after10k)} MiB after 10,000 requests, ${mib(after100k)} MiB after 100,000: ${(growth * 100).toFixed(1)} %`,
  );
  await server.stop();
  return { after10kBytes: after10k, after100kBytes: after100k, growth };
}

/** A process of its own, since a profiler slows what it watches. */
async function measureProfile(): Promise<ProfileRow[]> {
  say('profile: Goldenpath, 32 connections …');
  const folder = await mkdtemp(join(tmpdir(), 'goldenpath-profile-'));
  const server = await startGoldenpath(18_105, upstream, ['--cpu-prof', `--cpu-prof-dir=${folder}`]);
  await load({ ...optionsOf(server), connections: 32, durationMs: durationMs + PROFILE_SKIP_MS });
  await server.stop();
  const rows = await summariseProfile(folder, PROFILE_SKIP_MS);
  await rm(folder, { recursive: true });
  return rows;
}

function printProfile(rows: readonly ProfileRow[]): void {
  const lines = rows
    .filter(({ share }) => share >= 0.005)
    .map(({ owner, share }) => `${(share * 100).toFixed(1).padStart(6)} %  ${owner}`);
  process.stdout.write(`\nwhere Goldenpath's time goes\n${lines.join('\n')}\n`);
}

function mib(bytes: number): string {
  return (bytes / 1_048_576).toFixed(0);
}

function print(busy: readonly Row[], alone: readonly Row[]): void {
  const [bare, portkey, portkeyOnOlder] = busy;
  const bareAlone = alone[0];
  if (bare === undefined || bareAlone === undefined) return;
  const times = ({ perSecond }: Row, peer: Row | undefined) =>
    (perSecond / (peer?.perSecond ?? Number.NaN)).toFixed(2);
  const [onOurs, onOlder] = [`× on ${OUR_NODE.major}`, `× on ${olderNode.major}`];
  const lines = [
    '',
    writeLine('32 connections', ['req/s', '× bare', onOurs, onOlder, 'p50 ms', 'p99 ms', 'CPU µs']),
    ...busy.map((row) =>
      writeLine(row.name, [
        row.perSecond.toFixed(0),
        times(row, bare),
        times(row, portkey),
        times(row, portkeyOnOlder),
        row.p50Ms.toFixed(2),
        row.p99Ms.toFixed(2),
        row.cpuUsPerRequest.toFixed(0),
      ]),
    ),
    '',
    writeLine('1 connection', ['p50 ms', 'p99 ms', '+ p50', '+ p99']),
    ...alone.map((row) => {
      const added = [row.p50Ms - bareAlone.p50Ms, row.p99Ms - bareAlone.p99Ms];
      return writeLine(
        row.name,
        [row.p50Ms, row.p99Ms, ...added].map((ms) => ms.toFixed(3)),
      );
    }),
    '',
    'Goldenpath has all controls on, Portkey none. CPU counts all threads.',
    `${onOurs}, ${onOlder}: requests per second against Portkey on that Node.`,
    '+: added to what the bare proxy takes.',
  ];
  for (const { name, errors } of [...busy, ...alone])
    if (errors > 0) lines.push(`${name}: ${errors} requests were not answered with status 200.`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

function writeLine(name: string, figures: readonly string[]): string {
  return name.padEnd(18) + figures.map((figure) => figure.padStart(8)).join('');
}
