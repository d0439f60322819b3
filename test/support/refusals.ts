import assert from 'node:assert/strict';
import { z } from 'zod';

const errorBody = z.strictObject({
  error: z.strictObject({
    message: z.string().min(1).max(600),
    type: z.string(),
    param: z.null(),
    code: z.string(),
    request_id: z.string(),
  }),
});

/** Holds that a response is a refusal in OpenAI's shape, that all its parts agree, and that it repeats no input. */
export async function assertRefusal(
  response: Response,
  expected: { readonly status: number; readonly code: string; readonly secret?: string },
): Promise<{ readonly requestId: string; readonly message: string }> {
  const text = await response.text();
  assert.deepEqual(
    [response.status, response.headers.get('x-goldenpath-refusal')],
    [expected.status, expected.code],
    text,
  );
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
  return assertErrorBody(text, expected, response.headers.get('x-request-id') ?? undefined);
}

/** The same, for a body that came raw. */
export function assertErrorBody(
  text: string,
  expected: { readonly code: string; readonly secret?: string },
  headerId?: string,
): { readonly requestId: string; readonly message: string } {
  const { error } = errorBody.parse(JSON.parse(text));
  assert.equal(error.code, expected.code, text);
  if (headerId !== undefined) assert.equal(error.request_id, headerId);
  if (expected.secret !== undefined)
    assert.ok(!text.includes(expected.secret), `the refusal repeats the input: ${text}`);
  return { requestId: error.request_id, message: error.message };
}
