/** The errors of Amazon Bedrock that this one gives, by name, and their status: from the service model. */
const STATUSES = {
  AccessDeniedException: 403,
  ConflictException: 400,
  InternalServerException: 500,
  ResourceNotFoundException: 404,
  SerializationException: 400,
  ServiceQuotaExceededException: 400,
  ThrottlingException: 429,
  UnknownOperationException: 404,
  ValidationException: 400,
} as const;

/** The name of an error that Bedrock gives. */
export type ServiceErrorName = keyof typeof STATUSES;

/** What the client is told instead of an answer, with the name that its SDK makes an error class of. */
export class ServiceError extends Error {
  override readonly name: ServiceErrorName;
  readonly status: number;

  constructor(name: ServiceErrorName, message: string) {
    super(message);
    this.name = name;
    this.status = STATUSES[name];
  }
}

/** A request that is not what the operation takes. */
export function invalid(message: string): ServiceError {
  return new ServiceError('ValidationException', message);
}
