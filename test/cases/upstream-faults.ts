import type { Socket } from 'node:net';
import { completion, sse, USAGE, type Answerer } from '../support/upstream.ts';

/**
 * What model servers do wrong, or only oddly, and what a client gets for it. Written as `describeOutcome` says
 * it: `answer <reason> <text>`, `refusal <status> <code>`, or `broken <code> <text so far>`.
 */
export interface UpstreamFault {
  readonly what: string;
  readonly serve: Answerer;
  readonly whole?: string;
  readonly stream?: string;
  /** Where the record must say whose count the usage is. */
  readonly usage?: 'provider' | 'estimate';
}

const UNAVAILABLE = 'refusal 502 inference.unavailable';
const MALFORMED = 'refusal 502 inference.malformed';
const REJECTED = 'refusal 502 inference.rejected';
const DEADLINE = 'refusal 504 inference.deadline';

const delta = (content: string) => sse({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
const stop = sse({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
const usage = sse({ choices: [], usage: USAGE });
const done = 'data: [DONE]\n\n';

/** Bytes on the wire, past Node's HTTP. */
const raw =
  (serve: (socket: Socket, body: string) => void): Answerer =>
  ({ request, body }) =>
    serve(request.socket, body);
const json =
  (body: string | Buffer, headers: Record<string, string> = {}): Answerer =>
  ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(body);
  };
const events =
  (...parts: readonly (string | Buffer)[]): Answerer =>
  ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const part of parts) response.write(part);
    response.end();
  };
/** In pieces that arrive one by one: what came before a fault has left by then. */
const slowly =
  (...parts: readonly (string | Buffer)[]): Answerer =>
  async ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const part of parts) {
      response.write(part);
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    response.end();
  };
const half = delta('Half an answer, ');
const whole = (message: object, finish: unknown = 'stop', more: object = { usage: USAGE }) =>
  JSON.stringify({ choices: [{ index: 0, message, finish_reason: finish }], ...more });
const call = (id: string, json: string) => ({
  id,
  type: 'function',
  function: { name: 'look-up-order', arguments: json },
});
const ORDER = '{"orderNumber":"12345678"}';

/** An error page that repeats what was asked, as many do. */
const status =
  (code: number): Answerer =>
  ({ response, body }) => {
    response.writeHead(code, { 'content-type': 'application/json', 'x-echo': 'zebra-7391-quagga' });
    response.end(JSON.stringify({ error: { message: `cannot answer ${body}` } }));
  };

const CONNECTION: readonly UpstreamFault[] = [
  {
    what: 'closes at once',
    serve: raw((socket) => socket.destroy()),
    whole: UNAVAILABLE,
    stream: UNAVAILABLE,
  },
  {
    what: 'resets at once',
    serve: raw((socket) => socket.resetAndDestroy()),
    whole: UNAVAILABLE,
    stream: UNAVAILABLE,
  },
  { what: 'says nothing', serve: () => undefined, whole: DEADLINE, stream: DEADLINE },
  {
    what: 'stalls after its headers',
    serve: ({ response }) => response.writeHead(200, { 'content-length': 500 }).flushHeaders(),
    whole: DEADLINE,
    stream: DEADLINE,
  },
  {
    what: 'stalls in the middle of its headers',
    serve: raw((socket) => socket.write('HTTP/1.1 200 OK\r\nconten')),
    whole: DEADLINE,
    stream: DEADLINE,
  },
  {
    what: 'stalls in the middle of a body',
    serve: ({ response }) => {
      response.writeHead(200, { 'content-length': 500 });
      response.write('{"choices":[{"mess');
    },
    whole: DEADLINE,
  },
  {
    what: 'stalls in the middle of a stream',
    serve: ({ response }) => void response.writeHead(200).write(delta('Half an answer, ')),
    stream: 'broken inference.deadline Half an answer, ',
  },
  {
    what: 'says comments for ever',
    serve: ({ response }) => {
      const timer = setInterval(() => response.write(': still here\n\n'), 20);
      response.on('close', () => clearInterval(timer));
    },
    stream: DEADLINE,
  },
  {
    what: 'drips for ever',
    serve: ({ response }) => {
      // Words: letters that stand apart are held back until it is known what they spell.
      const timer = setInterval(() => response.write(delta('and '.repeat(5))), 30);
      response.on('close', () => clearInterval(timer));
    },
    stream: `broken inference.deadline ${'and '.repeat(999)}`,
  },
  {
    what: 'stalls in an error page',
    serve: ({ response }) => void response.writeHead(500, { 'content-length': 500 }).write('oh'),
    whole: UNAVAILABLE,
    stream: UNAVAILABLE,
  },
  {
    what: 'closes in the middle of a body',
    serve: raw((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"choices":[')),
    whole: UNAVAILABLE,
    stream: UNAVAILABLE,
  },
  {
    what: 'closes in the middle of a chunk',
    serve: raw((socket) =>
      socket.end(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n${delta('Half an answer, ')}`),
    ),
    whole: UNAVAILABLE,
    stream: 'broken inference.unavailable Half an answer, ',
  },
  {
    what: 'declares less than it sends',
    serve: raw((socket) =>
      socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n${whole({ content: 'Hi' })}`),
    ),
    whole: MALFORMED,
    stream: MALFORMED,
  },
  {
    what: 'declares more than it sends',
    serve: raw((socket) =>
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n${whole({ content: 'Hi' })}`),
    ),
    whole: DEADLINE,
    stream: DEADLINE,
  },
  {
    what: 'has no status line',
    serve: raw((socket) => socket.end('HELLO\r\n\r\n')),
    whole: UNAVAILABLE,
    stream: UNAVAILABLE,
  },
  {
    what: 'has a status line of its own',
    serve: raw((socket) => socket.end('HTTP/1.1 banana OK\r\n\r\n')),
    whole: UNAVAILABLE,
    stream: UNAVAILABLE,
  },
  {
    what: 'has 1 MB of headers',
    serve: raw((socket) => socket.end(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(1_000_000)}\r\n\r\n`)),
    whole: UNAVAILABLE,
    stream: UNAVAILABLE,
  },
  {
    what: 'says early hints first',
    serve: ({ response }) => {
      response.writeEarlyHints({ link: '</a>; rel=preload; as=style' });
      response.end(whole({ content: 'Hi' }));
    },
    whole: 'answer stop Hi',
  },
];

const STATUSES: readonly UpstreamFault[] = [
  ...[400, 401, 403, 404, 405, 413, 422].map((code) => ({
    what: `says ${code}`,
    serve: status(code),
    whole: REJECTED,
    stream: REJECTED,
  })),
  ...[408, 500, 502, 503, 529].map((code) => ({
    what: `says ${code}`,
    serve: status(code),
    whole: UNAVAILABLE,
    stream: UNAVAILABLE,
  })),
  {
    what: 'says 429',
    serve: status(429),
    whole: 'refusal 503 inference.throttled',
    stream: 'refusal 503 inference.throttled',
  },
  ...[201, 204, 206, 304].map((code) => ({
    what: `says ${code}`,
    serve: status(code),
    whole: MALFORMED,
    stream: MALFORMED,
  })),
];

const BODIES: readonly UpstreamFault[] = [
  { what: 'says nothing in 200', serve: json(''), whole: MALFORMED, stream: MALFORMED },
  { what: 'sends HTML', serve: json('<html>zebra-7391-quagga</html>'), whole: MALFORMED, stream: MALFORMED },
  {
    what: 'sends garbage',
    serve: json(Buffer.from([0, 159, 146, 150, 10, 10])),
    whole: MALFORMED,
    stream: MALFORMED,
  },
  {
    what: 'sends invalid UTF-8 in its text',
    serve: json(Buffer.from(whole({ content: '\u00ff' }), 'latin1')),
    whole: MALFORMED,
    stream: MALFORMED,
  },
  {
    what: 'compresses without being asked',
    serve: json(Buffer.from('1f8b0800000000000003', 'hex'), { 'content-encoding': 'gzip' }),
    whole: MALFORMED,
    stream: MALFORMED,
  },
  { what: 'sends a list', serve: json('[]'), whole: MALFORMED },
  { what: 'sends null', serve: json('null'), whole: MALFORMED },
  { what: 'sends no choices', serve: json('{}'), whole: MALFORMED },
  { what: 'sends an empty list of choices', serve: json('{"choices":[]}'), whole: MALFORMED },
  { what: 'sends null for a choice', serve: json('{"choices":[null]}'), whole: MALFORMED },
  { what: 'sends no message', serve: json('{"choices":[{"finish_reason":"stop"}]}'), whole: 'answer stop ' },
  { what: 'sends no finish reason', serve: json(whole({ content: 'Hi' }, null)), whole: MALFORMED },
  { what: 'sends a list for its text', serve: json(whole({ content: ['Hi'] })), whole: MALFORMED },
  { what: 'sends null for its text', serve: json(whole({ content: null })), whole: 'answer stop ' },
  { what: 'sends an empty text', serve: json(whole({ content: '' })), whole: 'answer stop ' },
  {
    what: 'sends a byte order mark',
    serve: json(`\uFEFF${whole({ content: 'Hi' })}`),
    whole: 'answer stop Hi',
  },
  {
    what: 'calls JSON a text',
    serve: json(whole({ content: 'Hi' }), { 'content-type': 'text/plain' }),
    whole: 'answer stop Hi',
  },
  {
    what: 'sends an error in 200',
    serve: ({ response, body }) => void response.end(JSON.stringify({ error: { message: body } })),
    whole: UNAVAILABLE,
    stream: MALFORMED,
  },
  {
    what: 'was cut off at its limit',
    serve: json(whole({ content: 'Hi' }, 'length')),
    whole: 'answer length Hi',
  },
  { what: 'filters', serve: json(whole({ content: '' }, 'content_filter')), whole: 'answer content_filter ' },
  {
    what: 'has a reason of its own',
    serve: json(whole({ content: 'Hi' }, 'eos_token')),
    whole: 'answer stop Hi',
  },
  {
    what: 'counts nothing',
    serve: json(whole({ content: 'Hi' }, 'stop', {})),
    whole: 'answer stop Hi',
    usage: 'estimate',
  },
  { what: 'counts', serve: json(whole({ content: 'Hi' })), whole: 'answer stop Hi', usage: 'provider' },
  ...[
    { prompt_tokens: -1, completion_tokens: 2 },
    { prompt_tokens: '3', completion_tokens: 2 },
    { prompt_tokens: 1e300, completion_tokens: 1 },
    { prompt_tokens: 1.5, completion_tokens: 1 },
    'many',
    [1, 2],
    null,
  ].map((count) => ({
    what: `counts ${JSON.stringify(count)}`,
    serve: json(whole({ content: 'Hi' }, 'stop', { usage: count })),
    whole: 'answer stop Hi',
    usage: 'estimate' as const,
  })),
  {
    what: 'answers twice',
    serve: json(
      JSON.stringify({
        choices: [
          { index: 1, message: { content: 'Second' }, finish_reason: 'length' },
          { index: 0, message: { content: 'First' }, finish_reason: 'stop' },
        ],
      }),
    ),
    whole: 'answer stop First',
  },
  {
    what: 'calls two tools',
    serve: json(whole({ content: null, tool_calls: [call('a', ORDER), call('b', '{}')] }, 'tool_calls')),
    whole: `answer tool_calls  a:look-up-order${ORDER} b:look-up-order{}`,
  },
  {
    what: 'calls a tool and says stop',
    serve: json(whole({ content: 'Wait.', tool_calls: [call('a', ORDER)] })),
    whole: `answer tool_calls Wait. a:look-up-order${ORDER}`,
  },
  {
    what: 'calls a tool without a function',
    serve: json(whole({ tool_calls: [{ id: 'a' }] })),
    whole: MALFORMED,
  },
  {
    what: 'calls a tool without a name',
    serve: json(whole({ tool_calls: [{ function: {} }] })),
    whole: MALFORMED,
  },
  { what: 'calls something that is no list', serve: json(whole({ tool_calls: 'all' })), whole: MALFORMED },
];

const callDelta = (more: object) => sse({ choices: [{ index: 0, delta: { tool_calls: [more] } }] });

const STREAMS: readonly UpstreamFault[] = [
  {
    what: 'streams',
    serve: events(delta('He'), delta('llo'), stop, usage, done),
    stream: 'answer stop Hello',
    usage: 'provider',
  },
  {
    what: 'streams without a count',
    serve: events(delta('Hello'), stop, done),
    stream: 'answer stop Hello',
    usage: 'estimate',
  },
  { what: 'never says [DONE]', serve: events(delta('Hello'), stop, usage), stream: 'answer stop Hello' },
  {
    what: 'speaks on after [DONE]',
    serve: events(delta('Hello'), stop, done, delta(' zebra'), stop),
    stream: 'answer stop Hello',
  },
  {
    what: 'speaks on after [DONE] in one piece',
    serve: events(delta('Hello') + stop + done + delta(' zebra')),
    stream: 'answer stop Hello',
  },
  { what: 'says [DONE] alone', serve: events(done), stream: MALFORMED },
  {
    what: 'says [DONE] without a finish',
    serve: slowly(half, done),
    stream: 'broken inference.malformed Half an answer, ',
  },
  {
    what: 'ends in half an event',
    serve: slowly(half, stop.slice(0, -1)),
    stream: 'broken inference.malformed Half an answer, ',
  },
  { what: 'ends before its first event', serve: events('data: {"cho'), stream: MALFORMED },
  {
    what: 'says CRLF',
    serve: events((delta('Hello') + stop + done).replaceAll('\n', '\r\n')),
    stream: 'answer stop Hello',
  },
  {
    what: 'cuts its CRLFs in two',
    serve: slowly(...(delta('Hello') + stop + done).replaceAll('\n', '\r\n').split(/(?<=\r)(?=\n)/)),
    stream: 'answer stop Hello',
  },
  {
    what: 'says CR',
    serve: events((delta('Hello') + stop + done).replaceAll('\n', '\r')),
    stream: 'answer stop Hello',
  },
  {
    what: 'says every field there is',
    serve: events(
      '\uFEFF: hi\nretry: 5\nid: 7\nevent: message\nnonsense\n',
      delta('Hello'),
      'event: ping\n\n',
      `: x\n\n`,
      stop,
      done,
    ),
    stream: 'answer stop Hello',
  },
  {
    what: 'cuts an event into lines',
    serve: events(
      'data: {"choices":\ndata: [{"index":0,"delta":\ndata: {"content":"Hello"}}]}\n\n',
      stop,
      done,
    ),
    stream: 'answer stop Hello',
  },
  {
    what: 'cuts its bytes anywhere',
    serve: async ({ response }) => {
      for (const byte of Buffer.from(delta('Grüße \u{1F600}') + stop + done)) {
        response.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    },
    stream: 'answer stop Grüße \u{1F600}',
  },
  {
    what: 'breaks its UTF-8 in the middle',
    serve: slowly(half, Buffer.from([0xc3, 0x28]), stop, done),
    stream: 'broken inference.malformed Half an answer, ',
  },
  {
    what: 'sends an event that is no JSON',
    serve: slowly(half, 'data: {zebra\n\n'),
    stream: 'broken inference.malformed Half an answer, ',
  },
  {
    what: 'sends an error in its stream',
    serve: (exchange) => slowly(half, sse({ error: { message: exchange.body } }))(exchange),
    stream: 'broken inference.unavailable Half an answer, ',
  },
  {
    what: 'sends an error first',
    serve: ({ response, body }) => void response.end(sse({ error: { message: body } })),
    stream: UNAVAILABLE,
  },
  {
    what: 'sends 5 MB without a line break',
    serve: events(`data: ${'x'.repeat(5_000_000)}`),
    stream: MALFORMED,
  },
  {
    what: 'sends a whole answer where a stream was asked for',
    serve: json(whole({ content: 'Hi' })),
    stream: MALFORMED,
  },
  {
    what: 'weaves two answers',
    serve: events(
      sse({ choices: [{ index: 1, delta: { content: 'zebra' } }] }),
      delta('Hel'),
      sse({
        choices: [
          { index: 1, delta: {}, finish_reason: 'length' },
          { index: 0, delta: { content: 'lo' } },
        ],
      }),
      stop,
      done,
    ),
    stream: 'answer stop Hello',
  },
  { what: 'says nothing at length', serve: events(delta(''), stop, done), stream: 'answer stop ' },
  {
    what: 'weaves two tool calls',
    serve: events(
      callDelta({ index: 0, id: 'a', function: { name: 'look-up-order', arguments: '' } }),
      callDelta({ index: 1, id: 'b', function: { name: 'look-up-order', arguments: '{' } }),
      callDelta({ index: 0, function: { arguments: ORDER.slice(0, 9) } }),
      callDelta({ index: 1, function: { arguments: '}' } }),
      callDelta({ index: 0, function: { arguments: ORDER.slice(9) } }),
      sse({ choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] }),
      done,
    ),
    stream: `answer tool_calls  a:look-up-order${ORDER} b:look-up-order{}`,
  },
  {
    what: 'calls two tools without an index',
    serve: events(
      callDelta({ id: 'a', function: { name: 'look-up-order', arguments: ORDER } }),
      callDelta({ id: 'b', function: { name: 'look-up-order', arguments: '{' } }),
      callDelta({ function: { arguments: '}' } }),
      stop,
      done,
    ),
    stream: `answer tool_calls  a:look-up-order${ORDER} b:look-up-order{}`,
  },
  {
    what: 'begins a tool call with its arguments',
    serve: events(callDelta({ index: 0, function: { arguments: '{}' } }), stop, done),
    stream: MALFORMED,
  },
  {
    what: 'numbers a tool call with a word',
    serve: events(callDelta({ index: 'first', function: { name: 'look-up-order' } }), stop, done),
    stream: MALFORMED,
  },
];

/** Every fault, in the order in which a connection would meet them. */
export const UPSTREAM_FAULTS: readonly UpstreamFault[] = [...CONNECTION, ...STATUSES, ...BODIES, ...STREAMS];

/** A correct answer, for what comes after a fault. */
export const ANSWER_HELLO: Answerer = ({ response, body }) => {
  if (body.includes('"stream":true')) response.end(delta('Hello') + stop + usage + done);
  else response.end(JSON.stringify(completion('Hello')));
};
