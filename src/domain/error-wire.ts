import {
  DaybookError,
  HostBusy,
  InvalidRecord,
  messageOf,
  OverLimit,
  PrivateAddress,
  RobotsDisallowed,
  SourceRefused,
  SourceUnavailable,
  TooCostly,
  UnreadableBody,
  WrongShape,
} from './errors.ts';

/** An error on its way between threads: of Daybook's own, its type as well; of any other, what it says. */
export interface ErrorWire {
  /** Null = not one of Daybook's. */
  readonly type: string | null;
  readonly message: string;
  readonly retryAfterMs?: number;
  readonly waitMs?: number;
}

/** Errors of sources. */
const classes = [
  InvalidRecord,
  OverLimit,
  PrivateAddress,
  RobotsDisallowed,
  SourceRefused,
  SourceUnavailable,
  TooCostly,
  UnreadableBody,
  WrongShape,
];

export function toWire(error: unknown): ErrorWire {
  if (!(error instanceof DaybookError)) return { type: null, message: messageOf(error) };
  const { type, message, retryAfterMs } = error;
  return {
    type,
    message,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(error instanceof HostBusy ? { waitMs: error.waitMs } : {}),
  };
}

/** The same error in this thread. */
export function fromWire({ type, message, retryAfterMs, waitMs }: ErrorWire): Error {
  if (type === 'HostBusy') return new HostBusy(message, waitMs ?? 0);
  const own = classes.find(({ name }) => name === type);
  return own ? new own(message, retryAfterMs === undefined ? {} : { retryAfterMs }) : new Error(message);
}
