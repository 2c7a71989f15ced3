import type { LoginPlan } from '../../domain/plan/auth-plan.ts';
import { contentTypeOf } from '../../domain/text/content-type.ts';
import { splitHeader } from '../../formats/header-line.ts';

const form = 'application/x-www-form-urlencoded';

/** Whether the headers of a login say that its body is a form. */
export function isForm({ headers }: LoginPlan): boolean {
  return contentTypeOf(headers)?.toLowerCase().startsWith(form) === true;
}

/** An object is JSON unless the headers say that it is a form; a text is what it looks like. */
export function contentOf(login: LoginPlan): { content: string | null; type: string | null } {
  const { method, body, headers } = login;
  if (method === 'GET' || body === undefined) return { content: null, type: null };
  const given = contentTypeOf(headers) ?? null;
  if (typeof body === 'string') {
    return { content: body, type: given ?? (/^\s*[[{]/.test(body) ? 'application/json' : form) };
  }
  if (isForm(login) && typeof body === 'object' && body !== null) {
    const fields = Object.entries(body).flatMap(([name, value]: [string, unknown]) =>
      (Array.isArray(value) ? value : [value]).map((member: unknown): [string, string] => [name, textOf(member)]),
    );
    return { content: new URLSearchParams(fields).toString(), type: given };
  }
  return { content: JSON.stringify(body), type: given ?? 'application/json' };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** The header that a token is sent in. @param sendAs such as `Authorization: Bearer ${token}` */
export function sentAs(sendAs: string, token: string): Record<string, string> {
  const { name, value } = splitHeader(sendAs);
  return { [name]: value.replaceAll('${token}', () => token) };
}
