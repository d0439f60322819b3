import { createServer, type Socket } from 'node:net';

/**
 * An instant model: answers every POST with a fixed chat completion, over raw sockets so that it takes
 * little of the machine from what is measured. A body that holds `"stream":true` is answered as a stream.
 */
const ANSWER =
  'The gateway answered with a text of about one hundred characters, as a short reply of a model would be.';
const USAGE = { prompt_tokens: 256, completion_tokens: 24, total_tokens: 280 };
const WHOLE = JSON.stringify({
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'bench',
  choices: [{ index: 0, message: { role: 'assistant', content: ANSWER }, finish_reason: 'stop' }],
  usage: USAGE,
});
const chunk = (delta: object, finish: string | null) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'bench', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const EVENTS = [
  chunk({ role: 'assistant', content: '' }, null),
  ...ANSWER.match(/\S+\s*/g)!.map((word) => chunk({ content: word }, null)),
  chunk({}, 'stop'),
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'bench', choices: [], usage: USAGE })}\n\n`,
  'data: [DONE]\n\n',
];
const WHOLE_RESPONSE = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(WHOLE)}\r\nconnection: keep-alive\r\n\r\n${WHOLE}`,
);
const STREAM_HEAD =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: keep-alive\r\n\r\n';
const STREAM_GAP_MS = 5;

createServer((socket) => {
  let pending = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (data) => {
    pending = pending.length === 0 ? data : Buffer.concat([pending, data]);
    for (;;) {
      const headEnd = pending.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const head = pending.toString('latin1', 0, headEnd);
      const length = Number(
        /content-length: *(\d+)/i.exec(head)?.[1] ?? (/transfer-encoding: *chunked/i.test(head) ? -1 : 0),
      );
      const end = length === -1 ? pending.indexOf('0\r\n\r\n', headEnd) + 5 : headEnd + 4 + length;
      if (end < headEnd + 4 || pending.length < end) return;
      const isStream = pending.includes('"stream":true', headEnd);
      pending = pending.subarray(end);
      if (isStream) void stream(socket);
      else socket.write(WHOLE_RESPONSE);
    }
  });
}).listen(Number(process.argv[2]), '127.0.0.1', () => process.send?.('ready'));

async function stream(socket: Socket): Promise<void> {
  socket.write(STREAM_HEAD);
  for (const event of EVENTS) {
    if (socket.destroyed) return;
    socket.write(`${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`);
    await new Promise((resolve) => setTimeout(resolve, STREAM_GAP_MS));
  }
  socket.write('0\r\n\r\n');
}
