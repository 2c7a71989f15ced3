import * as z from 'zod';
import { urlProblem } from './url-problem.ts';

/** A value of a parameter or header; a text in the plan. */
export const scalar = z
  .union([z.string(), z.number(), z.boolean()], 'expected a text, a number, true or false')
  .meta({ title: 'text, number, true or false' })
  .transform(String);

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
    const problem = urlProblem(value);
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
  return `found "${name.split(':')[0]}", expected a header name of letters, digits and hyphens`;
}
