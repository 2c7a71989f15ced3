import type { z } from 'zod';
import { suggestKey } from './suggestion.ts';

type Issue = z.core.$ZodIssue;

/** One sentence for a schema's finding: what was found, what was expected. */
export function issueMessage(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.message.includes('expected a ')) return issue.message;
      if (issue.input === undefined) return `is required: expected ${issue.expected}`;
      return `found ${show(issue.input)}, expected ${issue.expected === 'record' ? 'object' : issue.expected}`;
    case 'invalid_value':
      return `found ${show(issue.input)}, expected ${issue.values.map((value) => String(value)).join(', ')}`;
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array'
        ? `found nothing, expected at least ${issue.minimum}`
        : `found ${show(issue.input)}, expected at least ${issue.minimum}`;
    case 'too_big':
      return `found ${show(issue.input)}, expected at most ${issue.maximum}`;
    case 'invalid_union':
      return unionMessage(issue);
    default:
      return issue.message;
  }
}

function unionMessage(issue: z.core.$ZodIssueInvalidUnion): string {
  if (issue.input === undefined) return `is required: ${issue.message}`;
  if ('options' in issue && Array.isArray(issue.options)) {
    const { type } = (issue.input ?? {}) as { type?: unknown };
    const found = typeof issue.input !== 'object' ? show(issue.input) : type === undefined ? 'no type' : show(type);
    return `found ${found}, expected ${issue.options.map(String).join(', ')}`;
  }
  const specific = issue.errors.flat().find((inner) => inner.code === 'custom');
  return specific ? specific.message : `found ${show(issue.input)}, ${issue.message}`;
}

/** One sentence for a key that nobody knows, with the key that was probably meant. */
export function unknownKeyMessage(key: string, known: readonly string[]): string {
  const suggestion = suggestKey(key, known);
  return suggestion === null
    ? `unknown key "${key}", expected ${known.length > 0 ? `one of ${known.join(', ')}` : 'none'}`
    : `unknown key "${key}", did you mean "${suggestion}"?`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
