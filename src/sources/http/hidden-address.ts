import {
  HostBusy,
  messageOf,
  OverLimit,
  PrivateAddress,
  RobotsDisallowed,
  SourceRefused,
  SourceUnavailable,
  WrongShape,
} from '../../domain/errors.ts';
import { hiddenValue } from '../../domain/plan/shaping-plan.ts';

/** What may name a host or a path: addresses, and what a system says of a host. */
const mayName = [
  HostBusy,
  OverLimit,
  PrivateAddress,
  RobotsDisallowed,
  SourceRefused,
  SourceUnavailable,
  WrongShape,
] as const;

/**
 * The same error where it names neither the requested address nor another one. Otherwise it says what happened, for the address may have a
 * value of a record in it, and so may where it leads.
 */
export function hidingAddress(source: string, url: URL, error: unknown): unknown {
  const type = mayName.find((one) => error instanceof one);
  if (!type || !(error instanceof Error) || !isNamed(error, url)) return error;
  const message = `fetch: ${source}: a request failed: ${reasonOf(error)}; its address is ${hiddenValue}`;
  if (error instanceof HostBusy) return new HostBusy(message, error.waitMs);
  if (error instanceof SourceUnavailable) {
    const { retryAfterMs, cause } = error;
    return new SourceUnavailable(message, {
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      // Its code says whether the host exists; its message is not shown.
      ...(cause === undefined ? {} : { cause }),
    });
  }
  if (error instanceof SourceRefused) {
    const { status, ofCredentials } = error;
    return new SourceRefused(message, { ofCredentials, ...(status === undefined ? {} : { status }) });
  }
  if (error instanceof PrivateAddress) return new PrivateAddress(message);
  if (error instanceof RobotsDisallowed) return new RobotsDisallowed(message);
  return error instanceof OverLimit ? new OverLimit(message) : new WrongShape(message);
}

function isNamed(error: Error, url: URL): boolean {
  if (error instanceof PrivateAddress || error instanceof RobotsDisallowed || error instanceof HostBusy) return true;
  const message = messageOf(error);
  const own = [url.hostname, url.pathname].filter((part) => part.length > 1);
  return (
    message.includes('://') || message.includes('could not be reached') || own.some((part) => message.includes(part))
  );
}

function reasonOf(error: Error): string {
  if (error instanceof PrivateAddress) return 'it leads to an address that is not allowed, such as a private one';
  if (error instanceof RobotsDisallowed) return 'robots.txt disallows it; set robots: ignore if that is acceptable';
  if (error instanceof HostBusy) return `its host has no slot for ${error.waitMs} ms`;
  if (error instanceof SourceUnavailable) {
    const { cause } = error;
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    return `its host could not be reached, or does not answer as it should${code}`;
  }
  if (error instanceof SourceRefused) return 'it was refused, or redirects to where it is not followed';
  return 'its answer cannot be used';
}
