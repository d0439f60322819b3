import { ModelError } from '../../../ports/model.ts';

const MAX_EVENT_CHARACTERS = 4_000_000;

/**
 * Reads the data of server-sent events (WHATWG HTML, "Interpreting an event stream") from text in pieces. Every
 * other field is passed over. Of our own, since each line must cost alike whatever stands in it: with the usual
 * parser, 2 MB of unknown fields keep the whole gateway busy for four seconds. Throws when an event is too large.
 */
export function openEventReader(onData: (data: string) => void): (piece: string) => void {
  const toLineFeeds = openLineEnds();
  let held = '';
  let data: string | undefined;
  const readLine = (line: string) => {
    if (line !== '') {
      const value = readData(line);
      if (value !== undefined) data = data === undefined ? value : `${data}\n${value}`;
    } else if (data !== undefined) {
      const whole = data;
      data = undefined;
      onData(whole);
    }
  };
  return (piece) => {
    const text = toLineFeeds(piece);
    if (text.includes('\n')) {
      const lines = (held + text).split('\n');
      held = lines.pop() ?? '';
      for (const line of lines) readLine(line);
    } else held += text;
    if (held.length + (data?.length ?? 0) > MAX_EVENT_CHARACTERS)
      throw new ModelError('malformed', 'an event of the stream is larger than 4 MB');
  };
}

function readData(line: string): string | undefined {
  if (line === 'data') return '';
  return line.startsWith('data:') ? line.slice(line[5] === ' ' ? 6 : 5) : undefined;
}

/** Writes CR and CRLF as LF, also where a piece ends between the two. */
function openLineEnds(): (piece: string) => string {
  let endsInCr = false;
  return (piece) => {
    if (piece === '') return piece;
    const rest = endsInCr && piece.startsWith('\n') ? piece.slice(1) : piece;
    endsInCr = piece.endsWith('\r');
    return rest.includes('\r') ? rest.replaceAll(/\r\n?/g, '\n') : rest;
  };
}
