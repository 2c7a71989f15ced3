import { SourceRefused } from '../../domain/errors.ts';
import type { LoginPlan, SessionPlan, SessionTokenPlan } from '../../domain/plan/auth-plan.ts';
import type { HttpPlanBase } from '../../domain/plan/source-plan.ts';
import type { HeldSecret } from '../../domain/secrets/held-mask.ts';
import { truncate } from '../../domain/secrets/redact.ts';
import { jsonOrNull } from '../../formats/exact-json.ts';
import { compileExpression } from '../../formats/jmespath/jmespath.ts';
import { sha256 } from '../../formats/sha256.ts';
import type { HttpClient, HttpResponse } from '../http/http-client.ts';
import { withTimeout } from '../../formats/timeout.ts';
import { ownOrigin } from '../http/own-origin.ts';
import { askedWait } from '../http/rate-limit.ts';
import { passingError } from '../http/status.ts';
import { contentOf, sentAs } from './login-request.ts';
import { SessionCookies } from './cookies.ts';
import type { Credentials } from './credentials.ts';
import { LoginRefused, RefusedLogins } from './refused-logins.ts';

/** A source with a login. */
export type LoggedInPlan = Omit<HttpPlanBase, 'auth'> & { readonly auth: SessionPlan };

interface Session {
  /** Of everything that it was made with. */
  readonly key: string;
  readonly cookies: SessionCookies;
  readonly token: string | null;
  readonly credentials: Credentials;
}

const maxLoginBytes = 4 * 1024 * 1024;
/** Names that a message shows. */
const maxNames = 12;

/** Sessions of sources, in memory alone: after a restart they log in again. */
export class Sessions {
  readonly #client: HttpClient;
  readonly #onSecret: () => void;
  /** By source: with other credentials it is another session. */
  readonly #open = new Map<string, Session>();
  readonly #asking = new Map<string, Promise<Session>>();
  /** Secrets of the session before: they may still be in messages that are on their way. */
  readonly #former = new Map<string, { readonly secrets: readonly string[]; readonly held: readonly HeldSecret[] }>();
  readonly #refused: RefusedLogins;
  /** By login: sources of one account log in one after the other, so that they do not send a wrong password all at once. */
  readonly #turns = new Map<string, Promise<unknown>>();

  /** @param onSecret called when there are other secrets */
  constructor(client: HttpClient, onSecret: () => void, now: () => number = Date.now) {
    this.#client = client;
    this.#onSecret = onSecret;
    this.#refused = new RefusedLogins(now);
  }

  /** Concurrent requests share one login; none of them can cancel it for the others. @throws SourceRefused, SourceUnavailable */
  async credentials(plan: LoggedInPlan): Promise<Credentials> {
    const key = keyOf(plan);
    const known = this.#open.get(plan.name);
    if (known?.key === key) return known.credentials;
    const asked = this.#asking.get(key) ?? this.#logInAfterOthers(plan, key).finally(() => this.#asking.delete(key));
    this.#asking.set(key, asked);
    return (await asked).credentials;
  }

  /** Forgets a session that has expired, unless another one has taken its place. */
  forget({ name }: { readonly name: string }, used: Credentials): void {
    const session = this.#open.get(name);
    if (session?.credentials !== used) return;
    this.#former.set(name, { secrets: secretsOf(session), held: heldBy(session) });
    this.#open.delete(name);
  }

  /** What the session of a source holds, before what the one before held. */
  held({ name }: { readonly name: string }): readonly HeldSecret[] {
    const session = this.#open.get(name);
    return [...(session ? heldBy(session) : []), ...(this.#former.get(name)?.held ?? [])];
  }

  secrets(): readonly string[] {
    return [
      ...[...this.#open.values()].flatMap(secretsOf),
      ...[...this.#former.values()].flatMap(({ secrets }) => secrets),
    ];
  }

  async #logInAfterOthers(plan: LoggedInPlan, key: string): Promise<Session> {
    const login = loginKeyOf(plan);
    const before = this.#turns.get(login);
    // A host that hangs does not make each of many sources wait for all before it.
    const waited = before && withTimeout(plan.timeoutMs, before).catch(() => undefined);
    const session = Promise.resolve(waited).then(() => this.#logInOnce(plan, key, login));
    const turn = session.catch(() => undefined);
    this.#turns.set(login, turn);
    try {
      return await session;
    } finally {
      if (this.#turns.get(login) === turn) this.#turns.delete(login);
    }
  }

  async #logInOnce(plan: LoggedInPlan, key: string, loginKey: string): Promise<Session> {
    this.#refused.assertMayLogIn(loginKey, plan.name);
    const cookies = new SessionCookies(originsOf(plan), this.#onSecret);
    const login = await this.#beforeLogin(plan, cookies);
    try {
      const session = await this.#logIn(plan, key, login, cookies);
      this.#refused.succeeded(loginKey);
      return session;
    } catch (error) {
      this.#refused.failed(loginKey, error);
      throw error;
    }
  }

  async #logIn(plan: LoggedInPlan, key: string, login: LoginPlan, cookies: SessionCookies): Promise<Session> {
    const { auth } = plan;
    const tokenSince = Date.now();
    const answer = await this.#request(plan, login, cookies);
    assertAnswered(plan, login, answer, cookies);
    if (auth.login.page && (await loginPages()).asksForPassword(plan.name, answer)) throw refusedLogin(plan, answer);
    const token = auth.token === null ? null : tokenOf(plan.name, auth.token, answer);
    if (token === null && !hasCookie(plan, cookies)) throw noCookie(plan, answer, cookies);
    const credentials: Credentials = {
      headers: auth.token === null || token === null ? {} : sentAs(auth.token.sendAs, token),
      params: {},
      cookies: cookies.ofRequests(),
      tokenSince,
    };
    const session = { key, cookies, token, credentials };
    this.#open.set(plan.name, session);
    this.#onSecret();
    return session;
  }

  /** The login, with what the page before it gives. */
  async #beforeLogin(plan: LoggedInPlan, cookies: SessionCookies): Promise<LoginPlan> {
    const { login } = plan.auth;
    const { page } = login;
    if (!page) return login;
    const headers = Object.fromEntries(
      Object.entries(login.headers).filter(([name]) => name.toLowerCase() !== 'content-type'),
    );
    const asked: LoginPlan = { url: page.url, method: 'GET', headers };
    const answer = await this.#request(plan, asked, cookies, new URL(login.url).origin);
    const origins = [...originsOf(plan), new URL(login.url).origin];
    const cookieOf = (name: string) => cookies.value(answer.url, name);
    const { loginOfPage } = await loginPages();
    return loginOfPage(plan.name, { ...login, page }, answer, cookieOf, (origin) => origins.includes(origin));
  }

  /** @param own the origin that gets the headers of the login. @default that of its address */
  #request(
    plan: LoggedInPlan,
    login: LoginPlan,
    cookies: SessionCookies,
    own = new URL(login.url).origin,
  ): Promise<HttpResponse> {
    const { origin } = new URL(login.url);
    const { content, type } = contentOf(login);
    return this.#client.send(
      {
        subject: `${plan.name} (auth.login)`,
        url: login.url,
        method: login.method,
        body: content,
        headers: { accept: 'application/json, */*;q=0.8', ...(type === null ? {} : { 'content-type': type }) },
        own: { origin: own, headers: login.headers },
        cookies: cookies.ofRequests(origin, new URL(plan.auth.login.url).origin),
        ...(plan.tls ? { tls: plan.tls } : {}),
        allowPrivate: plan.allowPrivate,
        timeoutMs: plan.timeoutMs,
        maxBodyBytes: maxLoginBytes,
        proxy: plan.proxy,
      },
      new AbortController().signal,
    );
  }
}

/** Pages are read by libraries that take long to load. */
const loginPages = () => import('./login-page.ts');

/** Where a redirect led after the login may be anything, if the login has set its cookies. */
function assertAnswered(
  plan: LoggedInPlan,
  login: LoginPlan,
  { status, headers, url }: HttpResponse,
  cookies: SessionCookies,
): void {
  if (status >= 200 && status < 300) return;
  const message = `fetch: ${plan.name}: auth.login answered ${status}, expected a session`;
  const passing = passingError(status, message, askedWait(status, headers, new Date()));
  if (passing) throw passing;
  const wasRedirected = url !== new URL(login.url).href;
  const isRefusal = status === 401 || status === 403;
  if (wasRedirected && !isRefusal && plan.auth.token === null && hasCookie(plan, cookies)) return;
  if (isRefusal) throw new LoginRefused(`${message}; check the user and password in auth.login`);
  throw new SourceRefused(`${message}; check auth.login`, { ofCredentials: true });
}

/** A page that asks for the password once more, whatever its status and its cookies are. */
function refusedLogin({ name }: LoggedInPlan, { status }: HttpResponse): LoginRefused {
  return new LoginRefused(
    `fetch: ${name}: auth.login answered ${status} with a form that asks for a password again, expected a session; check the user and password in auth.login`,
  );
}

/** @throws SourceRefused */
function tokenOf(name: string, { from }: SessionTokenPlan, answer: HttpResponse): string {
  const where = `fetch: ${name}: auth.login answered ${answer.status}`;
  if ('header' in from) {
    const token = answer.headers[from.header.toLowerCase()];
    if (token) return token;
    throw new SourceRefused(
      `${where} without the header ${from.header}, expected the token in it; found the headers ${shownNames(Object.keys(answer.headers))}`,
      { ofCredentials: true },
    );
  }
  const json = jsonOrNull(answer.body.toString());
  if (json === null) {
    const type = answer.headers['content-type'] ?? 'no Content-Type';
    throw new SourceRefused(
      `${where} with ${answer.body.length} bytes that are not JSON (${truncate(type, 60)}), expected the token at ${from.path}`,
      { ofCredentials: true },
    );
  }
  const token = compileExpression(from.path)(json.value);
  if (typeof token === 'string' && token !== '') return token;
  throw new SourceRefused(
    `${where} without a token at ${from.path}, expected a text there; found ${kindOf(token, json.value)}`,
    { ofCredentials: true },
  );
}

/** What is at the path; if nothing is, the names beside which it should be. */
function kindOf(token: unknown, body: unknown): string {
  if (token === '') return 'an empty text';
  if (Array.isArray(token)) return 'a list';
  if (token !== null && token !== undefined) return typeof token === 'object' ? 'an object' : `a ${typeof token}`;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return 'no object';
  return `an object with ${shownNames(Object.keys(body))}`;
}

function shownNames(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const shown = names.slice(0, maxNames).map((name) => truncate(name, 40));
  return `${shown.join(', ')}${names.length > maxNames ? ' and others' : ''}`;
}

function noCookie(plan: LoggedInPlan, answer: HttpResponse, { refused }: SessionCookies): SourceRefused {
  const origin = originsOf(plan).join(', ');
  const found =
    refused.size > 0
      ? `found ${shownNames([...refused])}, which the server may not set for that host`
      : 'headers' in answer && answer.headers['set-cookie'] === undefined
        ? 'found no Set-Cookie'
        : 'found cookies for other hosts or paths';
  return new SourceRefused(
    `fetch: ${plan.name}: auth.login answered ${answer.status} without a cookie for ${origin}, expected a session; ${found}; if the session is a token, set auth.token`,
    { ofCredentials: true },
  );
}

function heldBy({ cookies, token }: Session): HeldSecret[] {
  return [...(token === null ? [] : [{ label: 'token', value: token }]), ...cookies.held()];
}

function secretsOf({ cookies, token }: Session): string[] {
  return [...cookies.secrets(), ...(token === null ? [] : [token])];
}

function keyOf(plan: LoggedInPlan): string {
  return sha256(JSON.stringify([plan.name, originsOf(plan), plan.auth]));
}

/** The same for sources that log in alike. */
function loginKeyOf(plan: LoggedInPlan): string {
  return sha256(JSON.stringify([originsOf(plan), plan.auth]));
}

/** Origins that get the session: the source's own first. */
function originsOf(plan: LoggedInPlan): string[] {
  const own = ownOrigin(plan);
  return [...(own === null ? [] : [own]), ...(plan.trustedOrigins ?? []), ...(plan.origins ?? [])];
}

/** Whether requests will carry a cookie; where placeholders say what is requested, whether some may. */
function hasCookie(plan: LoggedInPlan, cookies: SessionCookies): boolean {
  if (plan.templates === true) return cookies.hasAny();
  return cookies.names(plan.url).length > 0;
}
