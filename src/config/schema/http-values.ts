import * as z from 'zod';
import { headerValueProblem } from '../../domain/text/header-value.ts';
import { urlProblem } from './problems/url-problem.ts';

/** A value of a parameter or header; a text in the plan. */
const scalar = z
  .union([z.string(), z.number(), z.boolean()], 'expected a text, a number, true or false')
  .meta({ title: 'text, number, true or false' })
  .transform(String);

/** Parameters of a query. */
export const parameters = z.record(
  z.string(),
  z.union([scalar, z.array(scalar)], 'expected a text, a number, true, false, or a list of such'),
);

export const headers = z.record(z.string(), scalar).check(checkHeaders);

export const url = z
  .string()
  .check((context) => {
    const problem = urlProblem(context.value);
    if (problem !== null) context.issues.push({ code: 'custom', input: context.value, message: problem });
  })
  .meta({ title: 'URL' });

export const origin = z
  .string()
  .check((context) => {
    const { value } = context;
    const isPattern = value.includes('*');
    const problem = isPattern
      ? `found "${value}", expected one origin for each entry, such as https://api.example.com`
      : urlProblem(value);
    if (problem === null && URL.canParse(value) && new URL(value).origin === value.replace(/\/$/, '')) return;
    const message = problem ?? `found "${value}", expected an origin such as https://pages.example.com`;
    context.issues.push({ code: 'custom', input: value, message });
  })
  .meta({ title: 'origin' })
  .transform((text) => new URL(text).origin);

export function isHeaderName(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
}

export function headerNameProblem(name: string): string {
  const filled = name.includes('${') ? '; placeholders and references are filled in values only' : '';
  return `found "${filled === '' ? name.split(':')[0] : name}", expected a header name of letters, digits and hyphens${filled}`;
}

function checkHeaders(context: z.core.ParsePayload<Record<string, string>>): void {
  for (const [name, value] of Object.entries(context.value)) {
    if (!isHeaderName(name)) {
      // The path would show all of it.
      context.issues.push({ code: 'custom', input: name, path: [], message: headerNameProblem(name) });
    }
    if (/[\r\n\0]/.test(value)) {
      const message = 'found a value of several lines, expected one line';
      context.issues.push({ code: 'custom', input: value, path: [name], message });
    } else {
      const message = headerValueProblem(value);
      if (message !== null) context.issues.push({ code: 'custom', input: value, path: [name], message });
    }
  }
}
