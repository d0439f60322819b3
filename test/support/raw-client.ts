import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A TCP connection on which a test says exactly what it wants, well-formed or not. */
export interface RawConnection extends AsyncDisposable {
  readonly socket: Socket;
  send(bytes: string | Buffer): void;
  /** All that came so far, one character a byte. */
  received(): string;
  /** Waits until what came matches. */
  until(pattern: RegExp, timeoutMs?: number): Promise<void>;
  /** Waits until the other side has closed. */
  closed(timeoutMs?: number): Promise<void>;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const PATIENCE_MS = 5_000;

export async function connectRaw(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  let text = '';
  let ended = false;
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  for (const event of ['end', 'close'] as const) socket.on(event, () => (ended = true));
  await new Promise((resolve) => socket.once('connect', resolve));
  const dispose = async () => void socket.destroy();
  return {
    socket,
    send: (bytes) => void socket.write(bytes),
    received: () => text,
    until: (pattern, timeoutMs = PATIENCE_MS) =>
      eventually(() => pattern.test(text), { what: `${pattern}`, timeoutMs }),
    closed: (timeoutMs = PATIENCE_MS) =>
      eventually(() => ended, { what: 'the other side to close', timeoutMs }),
    [Symbol.asyncDispose]: dispose,
  };
}

/** The responses with a declared length that a text holds, in their order. */
export function parseResponses(text: string): RawResponse[] {
  const responses: RawResponse[] = [];
  for (let at = 0; at < text.length;) {
    const headEnd = text.indexOf('\r\n\r\n', at);
    if (headEnd === -1) break;
    const [statusLine = '', ...lines] = text.slice(at, headEnd).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    );
    const bodyEnd = headEnd + 4 + Number(headers['content-length'] ?? 0);
    const status = Number(statusLine.split(' ')[1]);
    responses.push({ status, headers, body: text.slice(headEnd + 4, bodyEnd) });
    at = bodyEnd;
  }
  return responses;
}

/** Waits until something holds. Throws with `what` when it does not in time. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  options: { readonly what: string; readonly timeoutMs?: number },
): Promise<void> {
  const untilMs = Date.now() + (options.timeoutMs ?? PATIENCE_MS);
  while (!(await holds())) {
    if (Date.now() > untilMs) throw new Error(`still waiting for ${options.what}`);
    await sleep(5);
  }
}
