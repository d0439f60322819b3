/**
 * What a deployment on AWS costs beside model and guardrail: list prices of us-east-1 without free tiers, and how much of
 * each a request takes. Read on 2026-11-20 at the sources; a month has 365/12 days.
 */
export const AWS_LIST_PRICES = {
  region: 'us-east-1',
  asOf: '2026-11-20',
  parts: [
    {
      name: 'API Gateway, REST',
      source: 'https://aws.amazon.com/api-gateway/pricing/',
      unit: 'requests',
      microUsdPerMillion: 3_500_000,
      perRequest: 1,
    },
    {
      name: 'Lambda, requests',
      source: 'https://aws.amazon.com/lambda/pricing/',
      unit: 'requests',
      microUsdPerMillion: 200_000,
      perRequest: 1,
    },
    {
      name: 'Lambda, 512 MB on Arm for 3 s',
      source: 'https://aws.amazon.com/lambda/pricing/',
      unit: 'GB-seconds',
      microUsdPerMillion: 13_333_400,
      perRequest: 1.5,
    },
    {
      name: 'WAF, web ACL',
      source: 'https://aws.amazon.com/waf/pricing/',
      unit: 'web ACLs',
      microUsdPerMonth: 5_000_000,
      count: 1,
    },
    {
      name: 'WAF, rules',
      source: 'https://aws.amazon.com/waf/pricing/',
      unit: 'rules',
      microUsdPerMonth: 1_000_000,
      count: 5,
    },
    {
      name: 'WAF, requests',
      source: 'https://aws.amazon.com/waf/pricing/',
      unit: 'requests',
      microUsdPerMillion: 600_000,
      perRequest: 1,
    },
    {
      name: 'DynamoDB, six limits in transactions',
      source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
      unit: 'write units',
      microUsdPerMillion: 625_000,
      perRequest: 24,
    },
    {
      name: 'Firehose, two records of up to 5 KB',
      source: 'https://aws.amazon.com/firehose/pricing/',
      unit: 'GB',
      microUsdPerMillion: 29_000_000_000,
      perRequest: 10 / 1_000_000,
    },
    {
      name: 'S3, archived prompt and answer',
      source: 'https://aws.amazon.com/s3/pricing/',
      unit: 'PUT requests',
      microUsdPerMillion: 5_000_000,
      perRequest: 2,
    },
    {
      name: 'S3, 12 KB kept for 90 days',
      source: 'https://aws.amazon.com/s3/pricing/',
      unit: 'GB-months',
      microUsdPerMillion: 23_000_000_000,
      perRequest: 36 / 1_000_000,
    },
    {
      name: 'KMS, keys',
      source: 'https://aws.amazon.com/kms/pricing/',
      unit: 'keys',
      microUsdPerMonth: 1_000_000,
      count: 2,
    },
    {
      name: 'KMS, requests',
      source: 'https://aws.amazon.com/kms/pricing/',
      unit: 'requests',
      microUsdPerMillion: 3_000_000,
      perRequest: 1,
    },
    {
      name: 'CloudWatch, logs',
      source: 'https://aws.amazon.com/cloudwatch/pricing/',
      unit: 'GB',
      microUsdPerMillion: 500_000_000_000,
      perRequest: 2 / 1_000_000,
    },
    {
      name: 'CloudWatch, metrics',
      source: 'https://aws.amazon.com/cloudwatch/pricing/',
      unit: 'metrics',
      microUsdPerMonth: 300_000,
      count: 10,
    },
    {
      name: 'CloudWatch, alarms',
      source: 'https://aws.amazon.com/cloudwatch/pricing/',
      unit: 'alarms',
      microUsdPerMonth: 100_000,
      count: 6,
    },
    {
      name: 'CloudWatch, dashboard',
      source: 'https://aws.amazon.com/cloudwatch/pricing/',
      unit: 'dashboards',
      microUsdPerMonth: 3_000_000,
      count: 1,
    },
  ],
} as const satisfies AwsListPrices;

export interface AwsListPrices {
  readonly region: string;
  readonly asOf: string;
  readonly parts: readonly AwsPart[];
}

/** A part with a price for each month, or for each of what requests use of it. */
export type AwsPart = { readonly name: string; readonly source: string; readonly unit: string } & (
  | { readonly microUsdPerMonth: number; readonly count: number }
  | { readonly microUsdPerMillion: number; readonly perRequest: number }
);
