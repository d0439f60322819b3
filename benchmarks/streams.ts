import { request } from 'node:http';

/** Opens many streams at once, and says how many arrived whole and when their first token came. */
export async function loadStreams(options: {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly streams: number;
}): Promise<{ readonly clean: number; readonly firstTokenMs: Float64Array }> {
  const results = await Promise.all(Array.from({ length: options.streams }, () => openStream(options)));
  return {
    clean: results.filter((result) => result.isClean).length,
    firstTokenMs: Float64Array.from(results.map((result) => result.firstTokenMs)).sort(),
  };
}

function openStream(
  options: Parameters<typeof loadStreams>[0],
): Promise<{ isClean: boolean; firstTokenMs: number }> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    let firstTokenMs = Number.POSITIVE_INFINITY;
    let text = '';
    const finish = () => resolve({ isClean: text.trimEnd().endsWith('data: [DONE]'), firstTokenMs });
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: options.port,
        path: options.path,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(options.body),
          ...options.headers,
        },
      },
      (response) => {
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          if (firstTokenMs === Number.POSITIVE_INFINITY && /"content":"[^"]/.test(text))
            firstTokenMs = performance.now() - startedAt;
        });
        response.on('end', finish).on('error', finish);
      },
    );
    outgoing.on('error', finish);
    outgoing.end(options.body);
  });
}
