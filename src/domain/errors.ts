interface DaybookErrorOptions {
  readonly cause?: unknown;
  readonly retryAfterMs?: number;
  readonly jitter?: boolean;
}

interface RefusalOptions extends Pick<DaybookErrorOptions, 'cause'> {
  /** Of the response. 401: credentials were refused, whatever is requested. */
  readonly status?: number;
  /** It is about the credentials of the source, whatever was requested. @default false */
  readonly ofCredentials?: boolean;
}

/**
 * Failures that Daybook knows, by what happens next. `type` is public: it is used in receipts, in workflow histories and in
 * docs/errors.md. Messages say subsystem, subject, what was found, what was expected.
 */
export abstract class DaybookError extends Error {
  abstract readonly type: string;
  /** `retry`: the same call may succeed later. `never`: only a change of source, configuration or data helps. */
  abstract readonly next: 'retry' | 'never';
  /** Milliseconds to wait before the next attempt, where the other side asked for it. */
  readonly retryAfterMs?: number;
  /** Whether the retry policy's delay is to be blurred: callers that collided once must not collide again. */
  readonly jitter?: boolean;

  constructor(message: string, options?: DaybookErrorOptions) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    if (options?.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
    if (options?.jitter !== undefined) this.jitter = options.jitter;
  }
}

/** The configuration names no such source. */
export class UnknownSource extends DaybookError {
  readonly type = 'UnknownSource';
  readonly next = 'never';
}

/** This worker's configuration of the source differs from the one the run was planned with. */
export class ConfigChanged extends DaybookError {
  readonly type = 'ConfigChanged';
  readonly next: 'retry' | 'never';

  /** @param retryAfterMs when another worker may be tried; null = the run has to be planned again */
  constructor(message: string, retryAfterMs: number | null) {
    super(message, retryAfterMs === null ? undefined : { retryAfterMs });
    this.next = retryAfterMs === null ? 'never' : 'retry';
  }
}

/** The source cannot be polled while the configuration is broken. */
export class ConfigBroken extends DaybookError {
  readonly type = 'ConfigBroken';
  readonly next = 'retry';
}

/** The source cannot be queried for a window of time. */
export class NotBackfillable extends DaybookError {
  readonly type = 'NotBackfillable';
  readonly next = 'never';
}

/** The source did not answer, or asked to come back later. */
export class SourceUnavailable extends DaybookError {
  readonly type = 'SourceUnavailable';
  readonly next = 'retry';
}

/** The source answered that it will not serve this request (401, 403, 404, 410 and the like). */
export class SourceRefused extends DaybookError {
  readonly type = 'SourceRefused';
  readonly next = 'never';
  /** Of the answer; absent = it was refused for another reason. */
  readonly status?: number;
  /** It is about the credentials of the source, whatever was requested. */
  readonly ofCredentials: boolean;

  constructor(message: string, { status, ofCredentials = false, ...options }: RefusalOptions = {}) {
    super(message, options);
    this.ofCredentials = ofCredentials;
    if (status !== undefined) this.status = status;
  }
}

/** The API says that the job of an export failed. */
export class ExportFailed extends DaybookError {
  readonly type = 'ExportFailed';
  readonly next = 'never';
}

/** The job of an export was not done in time. */
export class ExportTimeout extends DaybookError {
  readonly type = 'ExportTimeout';
  readonly next = 'never';
}

/** The tokens of a source are used up: someone must log in again, and configure another refresh token. */
export class LoginNeeded extends DaybookError {
  readonly type = 'LoginNeeded';
  readonly next = 'never';
}

/** The site's robots.txt disallows the page. */
export class RobotsDisallowed extends DaybookError {
  readonly type = 'RobotsDisallowed';
  readonly next = 'never';
}

/** The host's queue is long, or it asked for a pause: nothing was requested, and no attempt is used up. */
export class HostBusy extends DaybookError {
  readonly type = 'HostBusy';
  readonly next = 'retry';
  readonly waitMs: number;

  constructor(message: string, waitMs: number) {
    super(message);
    this.waitMs = waitMs;
  }
}

/** The address is private, loopback or link-local, and the source does not allow that. */
export class PrivateAddress extends DaybookError {
  readonly type = 'PrivateAddress';
  readonly next = 'never';
}

/** A response or redirect chain is larger than allowed. */
export class OverLimit extends DaybookError {
  readonly type = 'OverLimit';
  readonly next = 'never';
}

/** Reading a page takes more computing than its source is allowed. */
export class TooCostly extends DaybookError {
  readonly type = 'TooCostly';
  readonly next = 'never';
}

/** A response is not what its source's configuration describes. */
export class WrongShape extends DaybookError {
  readonly type = 'WrongShape';
  readonly next = 'never';
}

/** A response could not be decoded: cut short, or not the text it claims to be. */
export class UnreadableBody extends DaybookError {
  readonly type = 'UnreadableBody';
  readonly next = 'retry';
}

/** An invalid record was met where `on_invalid: fail` is set. */
export class InvalidRecord extends DaybookError {
  readonly type = 'InvalidRecord';
  readonly next = 'never';
}

/** A sink or store cannot take data now. */
export class SinkUnavailable extends DaybookError {
  readonly type = 'SinkUnavailable';
  readonly next = 'retry';
}

/** The store and the database do not belong together: nothing is read or stored until they do. */
export class ForeignStore extends DaybookError {
  readonly type = 'ForeignStore';
  readonly next = 'retry';
}

/** A sink cannot take data until someone changes its configuration. */
export class SinkMisconfigured extends DaybookError {
  readonly type = 'SinkMisconfigured';
  readonly next = 'never';
}

/** The database reports corrupted data. */
export class DataCorrupted extends DaybookError {
  readonly type = 'DataCorrupted';
  readonly next = 'never';
}

/** The worker has reached its limit of concurrent work of this kind. */
export class WorkerBusy extends DaybookError {
  readonly type = 'WorkerBusy';
  readonly next = 'retry';
}

/** A file of the CSV journal, or an archive, is not what was written. Nothing is deleted because of it. */
export class DamagedFile extends DaybookError {
  readonly type = 'DamagedFile';
  readonly next = 'never';
}

/** A spooled batch is no longer there to be written. */
export class BatchGone extends DaybookError {
  readonly type = 'BatchGone';
  readonly next = 'never';
}

/** A spooled batch is not what was spooled. It is never stored; what it had is fetched again. */
export class BatchDamaged extends DaybookError {
  readonly type = 'BatchDamaged';
  readonly next = 'never';
}

/** A sink did not account for every record of a batch. */
export class ReceiptUnbalanced extends DaybookError {
  readonly type = 'ReceiptUnbalanced';
  readonly next = 'never';
}

/** A sink said that it took the canary's record, but does not have it. */
export class CanaryLost extends DaybookError {
  readonly type = 'CanaryLost';
  readonly next = 'never';
}

/** Only part of a source's records has new ids: `rekey` was interrupted. */
export class RekeyUnfinished extends DaybookError {
  readonly type = 'RekeyUnfinished';
  readonly next = 'never';
}

/** An archive is not there, or does not hold what its manifest says. */
export class ArchiveRefused extends DaybookError {
  readonly type = 'ArchiveRefused';
  readonly next = 'never';
}

/** A payload of a workflow is encrypted with a key that this process does not have; another worker may have it. */
export class PayloadUnreadable extends DaybookError {
  readonly type = 'PayloadUnreadable';
  readonly next = 'retry';
}

/** A process could not begin its work. Exit code 1. */
export class CannotStart extends DaybookError {
  readonly type = 'CannotStart';
  readonly next = 'never';
}

/** A command that cannot be run as given. Exit code 2. */
export class UsageError extends DaybookError {
  readonly type = 'UsageError';
  readonly next = 'never';
}

const usageTypes = new Set([
  'UsageError',
  'InvalidConfig',
  'InvalidEnvironment',
  'UnknownSource',
  'QueueInUse',
  'ForeignStore',
]);

/** Whether a failure is about how a command was called, or about the configuration. */
export function isUsageFailure({ type }: DaybookError): boolean {
  return usageTypes.has(type);
}

/** V8 quotes ten characters before and after what it could not read: no redactor would recognize a secret that is cut. */
const quotedJson = /, (?:\.{3})?".*"(?:\.{3})? is not valid JSON$/s;

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(messageOf).join('; ');
  }
  if (error instanceof SyntaxError) return error.message.replace(quotedJson, ' in JSON');
  if (error instanceof Error) return error.message === '' ? error.name : error.message;
  return String(error);
}

/** The code that the system or Node gave to an error, such as `ENOENT`; undefined if it has none. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
