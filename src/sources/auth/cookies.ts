import { CookieJar } from 'tough-cookie';
import type { HeldSecret } from '../../domain/secrets/held-mask.ts';

/** Cookies of requests, hop by hop. */
export interface RequestCookies {
  /** The value of the `Cookie` header for an address; null = none. */
  header(url: URL): string | null;
  /** Takes the `Set-Cookie` headers of an answer. */
  take(url: URL, setCookies: readonly string[]): void;
}

/** More than browsers keep of one site. */
const maxCookies = 200;
/** Former values may still be in messages that are on their way. */
const secretsKept = 400;

/** The cookies of a session: by their own rules, and for some origins only. */
export class SessionCookies {
  readonly #jar = new CookieJar();
  readonly #origins: ReadonlySet<string>;
  readonly #secrets = new Set<string>();
  readonly #onSecret: () => void;
  /** Names of cookies that were not taken. */
  readonly refused = new Set<string>();

  /** @param onSecret called when there are others */
  constructor(origins: readonly string[], onSecret: () => void) {
    this.#origins = new Set(origins);
    this.#onSecret = onSecret;
  }

  /** @param more origins that belong to the session as well */
  ofRequests(...more: readonly string[]): RequestCookies {
    const isOwn = ({ origin }: URL) => this.#origins.has(origin) || more.includes(origin);
    return {
      header: (url) => (isOwn(url) ? this.#jar.getCookieStringSync(url.href) || null : null),
      take: (url, setCookies) => {
        if (isOwn(url)) for (const text of setCookies) this.#take(url, text);
      },
    };
  }

  /** Names of the cookies that an address gets. */
  names(url: string): string[] {
    return this.#jar.getCookiesSync(url).map(({ key }) => key);
  }

  /** The value that an address gets of a cookie; null if it gets none of that name. */
  value(url: string, name: string): string | null {
    return this.#jar.getCookiesSync(url).find(({ key }) => key === name)?.value ?? null;
  }

  /** Whether there are any, whatever they are for. */
  hasAny(): boolean {
    return (this.#jar.serializeSync()?.cookies ?? []).length > 0;
  }

  /** Those that may be secret, by name. */
  held(): HeldSecret[] {
    const { cookies } = this.#jar.serializeSync() ?? { cookies: [] };
    return cookies.flatMap(({ key, value }) =>
      typeof value === 'string' && mayBeSecret(value) ? [{ label: `cookie:${String(key)}`, value }] : [],
    );
  }

  secrets(): readonly string[] {
    return [...this.#secrets];
  }

  #take(url: URL, text: string): void {
    if (this.#secrets.size >= maxCookies && this.#jar.getCookiesSync(url.href).length >= maxCookies) return;
    try {
      const cookie = this.#jar.setCookieSync(text, url.href);
      if (cookie) this.#keepSecret(cookie.value);
    } catch {
      // Its rules are not those of this host: a browser would not take it either.
      this.refused.add(/^[^=;]{0,60}/.exec(text)?.[0] ?? '');
    }
  }

  #keepSecret(value: string): void {
    if (!mayBeSecret(value) || this.#secrets.has(value)) return;
    const [oldest] = this.#secrets;
    if (this.#secrets.size >= secretsKept && oldest !== undefined) this.#secrets.delete(oldest);
    this.#secrets.add(value);
    this.#onSecret();
  }
}

/** A word such as `english` is a setting, and would garble messages. */
function mayBeSecret(value: string): boolean {
  return value.length >= 6 && !/^[a-z]{1,11}$/i.test(value);
}

/** A cookie beside those that headers have already. */
export function withCookie(headers: Readonly<Record<string, string>>, cookie: string): Record<string, string> {
  const name = Object.keys(headers).find((key) => key.toLowerCase() === 'cookie') ?? 'cookie';
  const present = headers[name];
  return { ...headers, [name]: present ? `${present}; ${cookie}` : cookie };
}
