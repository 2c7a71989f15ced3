import { SourceRefused } from '../../domain/errors.ts';
import type { LoginPagePlan, LoginPlan, LoginTokenPlan } from '../../domain/plan/auth-plan.ts';
import { isObject } from '../../domain/is-object.ts';
import { jsonOrNull } from '../../formats/exact-json.ts';
import { compileExpression } from '../../formats/jmespath/jmespath.ts';
import type { HttpResponse } from '../http/http-client.ts';
import { askedWait } from '../http/rate-limit.ts';
import { passingError } from '../http/status.ts';
import { openPage } from '../html/open-page.ts';
import { isForm, sentAs } from './login-request.ts';

/**
 * The login with what its page gives it: hidden fields of the form, a token, the address that the form leads to.
 * @param cookieOf the value of a cookie by its name
 * @param mayGet whether an origin may get the login
 * @throws SourceRefused, SourceUnavailable
 */
export function loginOfPage(
  name: string,
  login: LoginPlan & { readonly page: LoginPagePlan },
  answer: HttpResponse,
  cookieOf: (name: string) => string | null,
  mayGet: (origin: string) => boolean,
): LoginPlan {
  assertPage(name, answer);
  const { page, body } = login;
  const sendsForm = isForm(login) && isObject(body);
  const needsForm = page.usesAction || (sendsForm && page.token === null);
  const shown = sendsForm || page.usesAction ? formOf(login, name, answer) : null;
  if (needsForm && shown === null) throw noForm(name);
  const url = page.usesAction && shown ? actionOf(name, shown, answer, mayGet) : login.url;
  const filled = sendsForm ? { ...shown?.hidden, ...body } : body;
  const headers = { ...browserHeaders(answer.url, url), ...login.headers };
  const asked = { ...login, url, headers, ...(body === undefined ? {} : { body: filled }) };
  if (page.token === null) return asked;
  const token = tokenOf(name, page.token, answer, cookieOf);
  const { sendAs, field } = page.token;
  if (field !== null) return { ...asked, body: { ...(isObject(filled) ? filled : {}), [field]: token } };
  return { ...asked, headers: { ...headers, ...sentAs(sendAs ?? '', token) } };
}

/** Whether an answer to a login is a form that asks for a password again. */
export function asksForPassword(name: string, answer: HttpResponse): boolean {
  if (!/html/i.test(answer.headers['content-type'] ?? '')) return false;
  return openPage(name, answer, undefined).page.$('form input[type=password]').length > 0;
}

/** Servers that check where a form comes from want what browsers send. */
function browserHeaders(page: string, url: string): Record<string, string> {
  const { origin, pathname } = new URL(page);
  return { Referer: `${origin}${pathname}`, ...(new URL(url).origin === origin ? { Origin: origin } : {}) };
}

function assertPage(name: string, { status, headers }: HttpResponse): void {
  if (status >= 200 && status < 300) return;
  const message = `fetch: ${name}: auth.login.page answered ${status}, expected the page of the login`;
  const passing = passingError(status, message, askedWait(status, headers, new Date()));
  if (passing) throw passing;
  throw new SourceRefused(`${message}; check auth.login.page`, { ofCredentials: true });
}

interface LoginForm {
  readonly hidden: Readonly<Record<string, string>>;
  /** Null = the form leads to its own page. */
  readonly action: string | null;
}

/** The form for a password, else the one with a field that the body names, else the only one. */
function formOf({ body }: LoginPlan, name: string, answer: HttpResponse): LoginForm | null {
  const { $ } = openPage(name, answer, undefined).page;
  const forms = $('form').toArray();
  const names = new Set(Object.keys(isObject(body) ? body : {}));
  const found =
    forms.find((each) => $(each).find('input[type=password]').length > 0) ??
    forms.find((each) =>
      $(each)
        .find('[name]')
        .toArray()
        .some((input) => names.has($(input).attr('name') ?? '')),
    ) ??
    (forms.length === 1 ? forms[0] : undefined);
  if (found === undefined) return null;
  const hidden = $(found)
    .find('input[name]')
    .toArray()
    .filter((input) => /^hidden$/i.test($(input).attr('type') ?? ''))
    .map((input): [string, string] => [$(input).attr('name') ?? '', $(input).attr('value') ?? '']);
  return { hidden: Object.fromEntries(hidden), action: $(found).attr('action')?.trim() || null };
}

function noForm(name: string): SourceRefused {
  return new SourceRefused(
    `fetch: ${name}: auth.login.page has no form with a password or a field of auth.login.body, expected the form of the login`,
    { ofCredentials: true },
  );
}

function actionOf(
  name: string,
  { action }: LoginForm,
  answer: HttpResponse,
  mayGet: (origin: string) => boolean,
): string {
  const url = new URL(answer.url);
  const leads = action === null ? url : URL.canParse(action, url.href) ? new URL(action, url) : null;
  if (leads && /^https?:$/.test(leads.protocol) && mayGet(leads.origin)) return leads.href;
  throw new SourceRefused(
    `fetch: ${name}: the form of auth.login.page leads to ${leads?.origin ?? 'no address'}, expected an origin that may get the password; to trust it, set trusted_origins, or set auth.login.url`,
    { ofCredentials: true },
  );
}

function tokenOf(
  name: string,
  { from }: LoginTokenPlan,
  answer: HttpResponse,
  cookieOf: (name: string) => string | null,
): string {
  const [where, found] = lookUp(name, from, answer, cookieOf);
  if (typeof found === 'string' && found.trim() !== '') return found.trim();
  throw new SourceRefused(`fetch: ${name}: auth.login.page has no token ${where}, expected a text there`, {
    ofCredentials: true,
  });
}

function lookUp(
  name: string,
  from: LoginTokenPlan['from'],
  answer: HttpResponse,
  cookieOf: (name: string) => string | null,
): [where: string, found: unknown] {
  if ('path' in from) {
    const json = jsonOrNull(answer.body.toString());
    return [`at ${from.path}`, json === null ? null : compileExpression(from.path)(json.value)];
  }
  if ('header' in from) return [`in the header ${from.header}`, answer.headers[from.header.toLowerCase()]];
  // Frameworks encode what a script then reads from the cookie.
  if ('cookie' in from) return [`in the cookie ${from.cookie}`, decoded(cookieOf(from.cookie))];
  const element = openPage(name, answer, undefined).page.$(from.selector).first();
  return [`at ${from.selector}`, from.attr === null ? element.text() : element.attr(from.attr)];
}

function decoded(value: string | null): string | null {
  try {
    return value === null ? null : decodeURIComponent(value);
  } catch {
    return value;
  }
}
