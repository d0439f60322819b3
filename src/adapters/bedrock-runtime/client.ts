import { BedrockRuntimeClient, type BedrockRuntimeClientConfig } from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';

const CONNECTIONS = 512;
const CONNECT_MS = 3_000;
const IDLE_MS = 30_000;

/**
 * A client with the SDK's credential chain, over kept HTTP/1.1 connections. The SDK's own choice for this
 * service is an HTTP/2 session, and with it a TLS handshake, for every single request.
 */
export function createBedrockClient(
  region: string,
  settings: BedrockRuntimeClientConfig = {},
): BedrockRuntimeClient {
  const agent = { keepAlive: true, maxSockets: CONNECTIONS, timeout: IDLE_MS };
  return new BedrockRuntimeClient({
    region,
    // Retries are the stages', which count them and keep to the deadline.
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECT_MS,
      httpAgent: agent,
      httpsAgent: agent,
    }),
    ...settings,
  });
}
