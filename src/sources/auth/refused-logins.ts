import { SourceRefused } from '../../domain/errors.ts';

/** The server refuses user and password: it may count how often. */
export class LoginRefused extends SourceRefused {
  constructor(message: string) {
    super(message, { ofCredentials: true });
  }
}

/** A refused login, and when it may be sent again, in ms since 1970. */
interface RefusedLogin {
  readonly reason: string;
  readonly count: number;
  readonly againAtMs: number;
}

const firstWaitMs = 5 * 60_000;
const maxWaitMs = 6 * 60 * 60_000;
/** Of former passwords nothing is needed. */
const maxKept = 1_000;

/** Logins that were refused. Servers lock an account after a few wrong passwords: each refusal doubles the wait for the next attempt. */
export class RefusedLogins {
  readonly #now: () => number;
  readonly #refused = new Map<string, RefusedLogin>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @throws SourceRefused while the login may not be sent again */
  assertMayLogIn(key: string, name: string): void {
    const refused = this.#refused.get(key);
    if (!refused || refused.againAtMs <= this.#now()) return;
    const again = new Date(refused.againAtMs).toISOString();
    throw new SourceRefused(
      `fetch: ${name}: auth.login is not sent again before ${again}, because the server may lock an account after several refusals; the last one: ${refused.reason}; correct auth, or restart the worker to log in now`,
      { ofCredentials: true },
    );
  }

  /** @param error why it failed: only that user and password were refused counts */
  failed(key: string, error: unknown): void {
    if (!(error instanceof LoginRefused)) return;
    const count = (this.#refused.get(key)?.count ?? 0) + 1;
    const waitMs = Math.min(firstWaitMs * 2 ** (count - 1), maxWaitMs);
    this.#refused.delete(key);
    this.#refused.set(key, { reason: error.message, count, againAtMs: this.#now() + waitMs });
    const [oldest] = this.#refused.keys();
    if (this.#refused.size > maxKept && oldest !== undefined) this.#refused.delete(oldest);
  }

  succeeded(key: string): void {
    this.#refused.delete(key);
  }
}
