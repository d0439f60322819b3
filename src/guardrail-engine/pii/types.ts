/** Every PII type of Bedrock, in order of priority where two match the same text: the most certain first. */
export const PII_TYPES = [
  'AWS_ACCESS_KEY',
  'AWS_SECRET_KEY',
  'PASSWORD',
  'INTERNATIONAL_BANK_ACCOUNT_NUMBER',
  'CREDIT_DEBIT_CARD_NUMBER',
  'US_SOCIAL_SECURITY_NUMBER',
  'US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER',
  'CA_SOCIAL_INSURANCE_NUMBER',
  'CA_HEALTH_NUMBER',
  'UK_NATIONAL_HEALTH_SERVICE_NUMBER',
  'UK_NATIONAL_INSURANCE_NUMBER',
  'UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER',
  'US_BANK_ROUTING_NUMBER',
  'US_BANK_ACCOUNT_NUMBER',
  'US_PASSPORT_NUMBER',
  'VEHICLE_IDENTIFICATION_NUMBER',
  'CREDIT_DEBIT_CARD_CVV',
  'CREDIT_DEBIT_CARD_EXPIRY',
  'PIN',
  'SWIFT_CODE',
  'DRIVER_ID',
  'LICENSE_PLATE',
  'EMAIL',
  'USERNAME',
  'URL',
  'MAC_ADDRESS',
  'IP_ADDRESS',
  'PHONE',
  'ADDRESS',
  'NAME',
  'AGE',
] as const;

/** A type of personal data. */
export type PiiType = (typeof PII_TYPES)[number];

/** The types that are known by their format alone, in order of priority: what a detector of exact types can find. */
export const PII_DETECTOR_TYPES = [
  'AWS_ACCESS_KEY',
  'AWS_SECRET_KEY',
  'INTERNATIONAL_BANK_ACCOUNT_NUMBER',
  'CREDIT_DEBIT_CARD_NUMBER',
  'US_SOCIAL_SECURITY_NUMBER',
  'EMAIL',
  'URL',
  'MAC_ADDRESS',
  'IP_ADDRESS',
  'PHONE',
] as const;

/** A PII type with an exact detector. */
export type PiiDetectorType = (typeof PII_DETECTOR_TYPES)[number];
/** A PII entity in a text; offsets are UTF-16 code units, `end` exclusive. */
export type PiiMatch = { type: PiiDetectorType; start: number; end: number };

/** A stretch of text that is final: either free of PII, or one PII entity. */
export type PiiPiece = { kind: 'text'; text: string } | { kind: 'match'; text: string; match: PiiMatch };

/**
 * Finds PII in a text that arrives in pieces. What has been returned is final, in order and complete:
 * the pieces of all calls, put together, are the text that was pushed.
 */
export type PiiStream = { push(text: string): PiiPiece[]; end(): PiiPiece[] };

/** Finds the PII types it was made for. */
export type PiiDetector = {
  /** Matches in order, without overlaps: what begins inside an earlier match is cut to what lies behind it. */
  find(text: string): PiiMatch[];
  stream(): PiiStream;
};
