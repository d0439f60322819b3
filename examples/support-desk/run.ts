import { strict as assert } from 'node:assert';
import { spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { fileURLToPath } from 'node:url';
import OpenAI, { APIError } from 'openai';

/**
 * A tour of the road: eight requests with the official SDK against a gateway that runs as it would anywhere,
 * each shown and each asserted. `npm run tour`.
 */

const HERE = fileURLToPath(new URL('.', import.meta.url));
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

interface Stop {
  readonly title: string;
  readonly play: () => Promise<string>;
}

const root = await mkdtemp(join(tmpdir(), 'goldenpath-tour-'));
const state = join(root, 'state');
const model = await startModel();
const gateway = await startGateway();
const url = gateway.url;

const question = (content: string) => ({
  model: 'support-assistant',
  messages: [{ role: 'user' as const, content }],
});
const textOf = (answer: OpenAI.ChatCompletion) => answer.choices[0]?.message.content ?? '';

const stops: readonly Stop[] = [
  {
    title: 'Answered: a question of a member of the support group',
    play: async () => {
      const answer = await (
        await clientOf('maya', 'acme', 'support')
      ).chat.completions.create(question('How long can I return an unused item?'));
      assert.match(textOf(answer), /within 30 days of delivery/);
      assert.match(answer.system_fingerprint ?? '', /^stand-in:/);
      return textOf(answer);
    },
  },
  {
    title: 'Masked and restored: the model sees a placeholder, the caller gets the address back',
    play: async () => {
      model.asked.length = 0;
      const client = await clientOf('noor', 'acme', 'marketing');
      const answer = await client.chat.completions.create({
        ...question('Write to maya@example.com about the tent.'),
        model: 'marketing-writer',
      });
      const seen = model.asked.join('\n');
      assert.ok(!seen.includes('maya@example.com'), 'the address reached the model');
      assert.match(seen, /\[EMAIL_1\]/);
      assert.match(textOf(answer), /maya@example\.com/);
      return `model saw: … ${/\S+ \S+ \[EMAIL_1\] \S+/.exec(seen)?.[0]} …\nanswer:    ${textOf(answer)}`;
    },
  },
  {
    title: 'Blocked word: the guardrail ends the request before a model is asked',
    play: async () => {
      const answer = await (
        await clientOf('maya', 'acme', 'support')
      ).chat.completions.create(question('Tell me about Project Nightjar.'));
      assert.equal(answer.choices[0]?.finish_reason, 'content_filter');
      return `finish_reason ${answer.choices[0].finish_reason}: ${textOf(answer)}`;
    },
  },
  {
    title: 'Denied by policy: back office is not support',
    play: async () =>
      expectError(
        await clientOf('omar', 'acme', 'back-office'),
        question('How long can I return an item?'),
        403,
        'authorisation.denied',
      ),
  },
  {
    title: "Wrong tenant: order intake is Acme's alone",
    play: async () =>
      expectError(
        await clientOf('gil', 'globex', 'back-office'),
        { ...question('Order 12345678'), model: 'order-extractor' },
        403,
        'authorisation.denied',
      ),
  },
  {
    title: 'Forged token: the groups were edited after it was signed',
    play: async () => {
      const [head = '', payload = '', signature = ''] = (await mintToken('eve', 'acme', 'nobody')).split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { groups: string[] }; // our own token
      claims.groups = ['support'];
      const forged = [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
      return expectError(sdk(forged), question('Let me in.'), 401, 'identity.bad_signature');
    },
  },
  {
    title: 'Model away: the first route fails, an allowed fallback answers',
    play: async () => {
      model.isAway = true;
      const client = await clientOf('noor', 'acme', 'marketing');
      const { data, request_id: requestId } = await client.chat.completions
        .create({ ...question('How much does the tent weigh?'), model: 'marketing-writer' })
        .withResponse();
      model.isAway = false;
      assert.match(textOf(data), /1\.9 kilograms/);
      assert.match(data.system_fingerprint ?? '', /^stand-in:/);
      const story = await run('explain', requestId ?? '', '--state', state);
      const tries = story.split('\n').filter((line) => /tour-model|stand-in/.test(line));
      return [textOf(data), ...tries.map((line) => line.trim())].join('\n');
    },
  },
  {
    title: 'Streamed: the same road, token by token',
    play: async () => {
      const client = await clientOf('maya', 'acme', 'support');
      const stream = await client.chat.completions.create({
        ...question('When does express delivery arrive?'),
        stream: true,
      });
      const pieces: string[] = [];
      for await (const chunk of stream) pieces.push(chunk.choices[0]?.delta.content ?? '');
      assert.ok(pieces.length > 5);
      assert.match(pieces.join(''), /next working day/);
      return `${pieces.length} chunks: ${pieces.join('')}`;
    },
  },
];

try {
  for (const [index, { title, play }] of stops.entries()) {
    const result = await play();
    print(`${style(['bold'], `${index + 1}. ${title}`)}\n${result.replaceAll(/^/gm, '   ')}\n`);
  }
  const proof = await run('audit', 'verify', '--state', state);
  print(
    `${style(['bold'], 'And the log of it all was not altered:')}\n${proof.trimEnd().replaceAll(/^/gm, '   ')}\n`,
  );
  print(style(['green'], `all ${stops.length} stops went as they should`));
} finally {
  gateway.process.kill('SIGTERM');
  await new Promise((resolve) => gateway.process.once('exit', resolve));
  model.server.close();
  await rm(root, { recursive: true, force: true });
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function style(format: Parameters<typeof styleText>[0], text: string): string {
  return styleText(format, text, { stream: process.stdout });
}

async function expectError(
  client: OpenAI,
  request: OpenAI.ChatCompletionCreateParamsNonStreaming,
  status: number,
  code: string,
): Promise<string> {
  const error: unknown = await client.chat.completions.create(request).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof APIError, 'the request was answered');
  assert.deepEqual([error.status, error.code], [status, code]);
  return `${error.status} ${error.code}: ${error.message.replace(/^\d+ /, '')}`;
}

async function clientOf(user: string, tenant: string, group: string): Promise<OpenAI> {
  return sdk(await mintToken(user, tenant, group));
}

function sdk(token: string): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: token, maxRetries: 0 });
}

async function mintToken(user: string, tenant: string, group: string): Promise<string> {
  return (await run('token', '--user', user, '--tenant', tenant, '--group', group, '--state', state)).trim();
}

/** Runs the `goldenpath` command and returns what it prints. */
function run(...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    let complaint = '';
    child.stdout.on('data', (data: Buffer) => (printed += data.toString()));
    child.stderr.on('data', (data: Buffer) => (complaint += data.toString()));
    child.on('close', (code) =>
      code === 0 ? resolve(printed) : reject(new Error(`goldenpath ${args[0]}: ${complaint || printed}`)),
    );
  });
}

interface TourModel {
  readonly server: Server;
  readonly url: string;
  readonly asked: string[];
  isAway: boolean;
}

/** A small OpenAI-compatible server in this process, so that the tour can show what a model is sent, and take it away. */
async function startModel(): Promise<TourModel> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (data: Buffer) => (body += data.toString()));
    request.on('end', () => {
      if (started.isAway) {
        response.writeHead(503).end();
        return;
      }
      asked.push(body);
      const content = 'I have drafted the message and sent it to [EMAIL_1].';
      const choice = { index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' };
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          object: 'chat.completion',
          choices: [choice],
          usage: { prompt_tokens: 9, completion_tokens: 9 },
        }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server has one
  const started: TourModel = { server, url: `http://127.0.0.1:${port}/v1`, asked, isAway: false };
  return started;
}

/** Serves this folder with one more route, to the model above, which `marketing-writer` prefers. */
async function startGateway(): Promise<{ url: string; process: ChildProcess }> {
  const governance = join(root, 'governance');
  await cp(HERE, governance, { recursive: true });
  const route = await readFile(join(HERE, 'routes/stand-in.yaml'), 'utf8');
  await writeFile(
    join(governance, 'routes/tour-model.yaml'),
    route
      .replace('provider: stand-in', `provider: openai-compatible\nbaseUrl: ${model.url}`)
      .replace('model: stand-in', 'model: tour-model')
      .replace('expectedLatencyMs: 1', 'expectedLatencyMs: 1\nretries: 0')
      .replace(
        /^price: .*$/m,
        'price: { inputMicroUsdPerMillionTokens: 10, outputMicroUsdPerMillionTokens: 10 }',
      ),
  );
  const capability = join(governance, 'capabilities/marketing-writer.yaml');
  const text = await readFile(capability, 'utf8');
  await writeFile(
    capability,
    text
      .replace('routes: [stand-in', 'routes: [tour-model, stand-in')
      .replace('prefer: latency', 'prefer: cost')
      .replace('restore: none', 'restore: caller'),
  );
  const child = spawn(
    process.execPath,
    [MAIN, 'start', '--port', '0', '--state', state, '--governance', governance, '--log-level', 'silent'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const listening = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (data: Buffer) => {
      const match = /ready at (\S+)/.exec(data.toString());
      if (match?.[1] !== undefined) resolve(match[1]);
    });
    child.once('exit', () => reject(new Error('the gateway did not start')));
  });
  return { url: listening, process: child };
}
