import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type * as Sdk from '@aws-sdk/client-s3';
import { messageOf, SinkUnavailable } from '../../domain/errors.ts';
import type { S3Keys, S3Setting } from '../../domain/storage/store-setting.ts';

/** How long a server may take: the SDK itself waits for ever. */
export interface S3Timeouts {
  readonly connectMs: number;
  /** Without a byte in either direction. */
  readonly idleMs: number;
  /** For the headers of an answer, besides the time that the bytes of the request take. */
  readonly answerMs: number;
}

export const usualTimeouts: S3Timeouts = { connectMs: 5_000, idleMs: 15_000, answerMs: 30_000 };

/** Slower than this no upload is waited for. */
const minBytesPerMs = 100;
/** A server may copy each part of an upload before it answers its completion: a part has 8 MiB or more. */
const msPerPart = 200;
/** Connections to the store at a time. */
const maxSockets = 50;

/** The SDK, loaded when it is needed first: it takes a fifth of a second, and most commands have a folder as their store. */
export type S3Sdk = typeof Sdk;

/** A bucket that can be asked. */
export interface S3 {
  readonly sdk: S3Sdk;
  readonly client: Sdk.S3Client;
  /** The bucket and the key of a blob. */
  readonly at: (path: string) => { readonly Bucket: string; readonly Key: string };
  /** What an upload in parts has to say of their checksums, which the SDK adds. */
  readonly checksum: { readonly ChecksumAlgorithm?: 'CRC32' };
  /** Options of a request that sends so many bytes. */
  readonly sending: (bytes: number) => { readonly requestTimeout: number };
  /** A client for the completion of an upload of so many parts: nothing may come for long, and the limit is the client's. */
  readonly completing: (parts: number) => Sdk.S3Client;
}

/**
 * Opens a bucket; nothing is asked yet.
 * @throws SinkUnavailable naming the setting that is missing or wrong
 */
export async function openS3(setting: S3Setting, timeouts: S3Timeouts): Promise<S3> {
  const { bucket, prefix, region, endpoint, keys, profile } = setting;
  // The version is pinned; the note on later ones is not for those who run Daybook.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const sdk = await import('@aws-sdk/client-s3');
  const agents = await agentsOf(setting);
  const config: Sdk.S3ClientConfig & { readonly ignoreCache: true } = {
    ...(region === null ? {} : { region }),
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
    ...(keys === null ? {} : { credentials: credentialsOf(keys) }),
    ...(keys !== null || profile === null ? {} : { profile }),
    // Handed on to the readers of the shared files, for which a file that was read once stays as it was.
    ignoreCache: true,
    // Other servers may not know the newer ones.
    requestChecksumCalculation: endpoint === null ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED',
    responseChecksumValidation: endpoint === null ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED',
    logger: silent,
    requestHandler: { ...agents, ...limitsOf(timeouts) },
  };
  const client = new sdk.S3Client(config);
  await client.config.region().catch((error: unknown) => {
    throw new SinkUnavailable(`store: no region for s3://${bucket}; set AWS_REGION`, { cause: error });
  });
  return {
    sdk,
    client,
    checksum: endpoint === null ? { ChecksumAlgorithm: 'CRC32' } : {},
    at: (path) => ({ Bucket: bucket, Key: `${prefix}${path}` }),
    completing(parts) {
      const answerMs = timeouts.answerMs + parts * msPerPart;
      const requestHandler = { ...agents, ...limitsOf({ ...timeouts, idleMs: answerMs, answerMs }) };
      return new sdk.S3Client({ ...config, credentials: client.config.credentials, requestHandler });
    },
    sending: (bytes) => ({ requestTimeout: timeouts.answerMs + Math.ceil(bytes / minBytesPerMs) }),
  };
}

function limitsOf({ connectMs, idleMs, answerMs }: S3Timeouts) {
  return {
    connectionTimeout: connectMs,
    socketTimeout: idleMs,
    requestTimeout: answerMs,
    throwOnRequestTimeout: true,
  };
}

/** The SDK writes warnings to the console if no logger is given. */
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

function credentialsOf({ accessKeyId, secretAccessKey, sessionToken }: S3Keys) {
  return { accessKeyId, secretAccessKey, ...(sessionToken === null ? {} : { sessionToken }) };
}

/** The SDK knows nothing of proxies and of further authorities: connections bring them along. */
async function agentsOf({ proxy, caFile }: S3Setting): Promise<{ httpAgent: HttpAgent; httpsAgent: HttpsAgent }> {
  const ca = caFile === null ? {} : { ca: authorities(caFile) };
  const options = { keepAlive: true, maxSockets };
  if (proxy === null) return { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent({ ...options, ...ca }) };
  const { HttpsProxyAgent } = await import('https-proxy-agent');
  const through = (secureEndpoint: boolean) => {
    const agent = new HttpsProxyAgent(proxy, { ...options, ...ca });
    // The options of the constructor are for the connection to the proxy, these for those inside its tunnels. A tunnel is used again
    // only if the agent knows its protocol, which it otherwise guesses from the stack.
    Object.assign(agent.options, ca, { secureEndpoint });
    return agent;
  };
  return { httpAgent: through(false), httpsAgent: through(true) as unknown as HttpsAgent };
}

function authorities(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SinkUnavailable(
      `store: the authorities in ${file} cannot be read (AWS_CA_BUNDLE or SSL_CERT_FILE): ${messageOf(error)}`,
      { cause: error },
    );
  }
}
