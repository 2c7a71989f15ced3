import { isObject } from '../../domain/is-object.ts';
import { isSecretName } from './secret-name.ts';

/** Secrets written into the login of a session itself: by the names of its headers, parameters and fields. */
export function sessionLiterals(login: unknown): string[] {
  if (!isObject(login)) return [];
  const { url, page, headers, body } = login;
  const addresses = [url, isObject(page) ? page['url'] : null];
  const parameters = addresses.flatMap((each) => (typeof each === 'string' ? formFields(each.split('?')[1]) : []));
  return [...fieldsOf(headers), ...fieldsOf(body), ...parameters];
}

function fieldsOf(value: unknown, isSecret = false): string[] {
  if (typeof value === 'string') return isSecret ? [value] : textFields(value);
  if (typeof value === 'number') return isSecret ? [String(value)] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => fieldsOf(member, isSecret || isSecretName(name)));
}

/** Of a text that is JSON or a form. */
function textFields(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? fieldsOf(value) : [];
  } catch {
    return text.includes('=') ? formFields(text) : [];
  }
}

function formFields(text = ''): string[] {
  return [...new URLSearchParams(text)].flatMap(([name, value]) => (isSecretName(name) ? [value] : []));
}
