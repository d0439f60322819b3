/** A request that Bedrock answers with a ValidationException; its message holds nothing of the text. */
export class RequestValidationError extends Error {
  override readonly name = 'ValidationException';
}
