import { codeOf, DaybookError, messageOf, SinkUnavailable } from '../../domain/errors.ts';
import { storeName, type S3Setting } from '../../domain/storage/store-setting.ts';

/** What is done with a blob, and the right that S3 wants for it. */
export const s3Rights = {
  read: 's3:GetObject',
  write: 's3:PutObject',
  delete: 's3:DeleteObject',
  list: 's3:ListBucket',
  sweep: 's3:ListBucketMultipartUploads and s3:AbortMultipartUpload',
} as const;
export type S3Action = keyof typeof s3Rights;

/** The name of a failure of S3, which says more than its status: a completion is answered 200 before it fails. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

/** How often the SDK has sent a request. */
export function attemptsOf(error: unknown): number {
  return metadataOf(error).attempts ?? 1;
}

function statusOf(error: unknown): number | null {
  return metadataOf(error).httpStatusCode ?? null;
}

/** Whether a blob is not there. */
export function isAbsent(error: unknown): boolean {
  return ['NoSuchKey', 'NotFound'].includes(nameOf(error));
}

/** Whether an answer says for certain that nothing was changed; all others may come after the change. */
export function isRefusal(error: unknown): boolean {
  const status = statusOf(error);
  return status !== null && status >= 400 && status < 500 && status !== 408;
}

/**
 * A failed request, as Daybook reports it: unavailable, whatever the cause. Work is retried and deferred, and resumes once a right
 * is granted or a setting corrected; the message names it.
 */
export function s3Failure(setting: S3Setting, action: S3Action, path: string, error: unknown): Error {
  if (error instanceof DaybookError) return error;
  const where = `${storeName({ ...setting, prefix: '' })}/${setting.prefix}${path}`;
  const message = `store: could not ${action} ${where}: ${explained(setting, action, error)}`;
  return new SinkUnavailable(message, isProviderFailure(error) ? {} : { cause: error });
}

/** Why a request failed, and what to change. */
export function explained(setting: S3Setting, action: S3Action, error: unknown): string {
  const why = words(error);
  const advice = adviceFor(setting, action, error);
  return advice === null ? why : `${why}; ${advice}`;
}

/** `AccessDenied: Access Denied`; without a body the SDK has the status alone. */
function words(error: unknown): string {
  const [name, status] = [nameOf(error), statusOf(error)];
  if (isProviderFailure(error)) return name;
  if (!(error instanceof Error) || (status === null && codeOf(error) !== undefined)) return messageOf(error);
  const answer = status === null ? '' : ` (HTTP ${status})`;
  const message = ['UnknownError', 'Unknown', name, ''].includes(error.message) ? '' : `: ${error.message}`;
  return `${name === 'Error' ? 'failed' : name}${message}${answer}`;
}

const keys = 'AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or AWS_PROFILE';

/** Its message may quote the command line of a process that gives keys, what that wrote, or an address with a token. */
function isProviderFailure(error: unknown): boolean {
  return /^(?:Credentials|Token)?ProviderError$/.test(nameOf(error));
}

/** Whether other keys may help. */
export function concernsKeys(error: unknown): boolean {
  return failuresOfKeys.has(nameOf(error));
}

const failuresOfKeys = new Set([
  'CredentialsProviderError',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidToken',
  'SignatureDoesNotMatch',
  'TokenRefreshRequired',
  'XAdminUserNotFound',
]);

/** What to change, by the name of a failure. */
const advices: Readonly<Record<string, (setting: S3Setting) => string>> = {
  NoSuchBucket: ({ bucket }) => `create the bucket ${bucket}, or correct DAYBOOK_STORE`,
  InvalidBucketName: () => 'correct DAYBOOK_STORE',
  InvalidAccessKeyId: () => `check ${keys}`,
  SignatureDoesNotMatch: () => `check ${keys}`,
  InvalidToken: () => `check ${keys}`,
  // Of the Versity gateway.
  XAdminUserNotFound: () => `check ${keys}`,
  ExpiredToken: () => `the credentials have expired: renew ${keys}`,
  TokenRefreshRequired: () => `the credentials have expired: renew ${keys}`,
  CredentialsProviderError: ({ profile }) =>
    `no credentials were found${profile === null ? '' : ` for the profile ${profile}`}: set ${keys}, or use a role of the machine`,
  RequestTimeTooSkewed: () => "set this machine's clock, e.g. by NTP",
  PermanentRedirect: ({ bucket }) => `set AWS_REGION to the region of the bucket ${bucket}`,
  AuthorizationHeaderMalformed: ({ bucket }) => `set AWS_REGION to the region of the bucket ${bucket}`,
  IllegalLocationConstraintException: ({ bucket }) => `set AWS_REGION to the region of the bucket ${bucket}`,
};

/** Of OpenSSL, for a certificate that no known authority has issued. */
const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** A service that is busy or down recovers without a change here. */
const passing = 'the service is busy or down: if that lasts, see the status page of its provider';

function reach({ endpoint }: S3Setting): string {
  const settings =
    endpoint === null ? 'the network, AWS_REGION and HTTPS_PROXY' : 'the network and AWS_ENDPOINT_URL_S3';
  return `the service cannot be reached: check ${settings}`;
}

function adviceFor(setting: S3Setting, action: S3Action, error: unknown): string | null {
  const known = advices[nameOf(error)];
  if (known) return known(setting);
  if (untrusted.has(codeOf(error) ?? '')) return 'set AWS_CA_BUNDLE to a file with the authority of its certificate';
  if (nameOf(error).startsWith('KMS.')) return "check the key of the bucket's encryption";
  const status = statusOf(error);
  if (status === 407) return 'the proxy wants other credentials: see HTTPS_PROXY';
  if (status === 301) return `set AWS_REGION to the region of the bucket ${setting.bucket}`;
  if (status === null && codeOf(error) !== undefined) return reach(setting);
  if (status === 429 || (status !== null && status >= 500)) return passing;
  if (status !== 403) return null;
  const right = `grant ${s3Rights[action]} on ${resourceOf(setting, action)}`;
  // Without that right S3 does not say that a blob is absent.
  return action === 'read' ? `${right}, and ${s3Rights.list} on arn:aws:s3:::${setting.bucket}` : right;
}

function resourceOf({ bucket, prefix }: S3Setting, action: S3Action): string {
  return `arn:aws:s3:::${bucket}${action === 'list' ? '' : `/${prefix}*`}`;
}

interface Metadata {
  readonly attempts?: number;
  readonly httpStatusCode?: number;
}

function metadataOf(error: unknown): Metadata {
  if (!(error instanceof Error) || !('$metadata' in error)) return {};
  return error.$metadata as Metadata;
}
