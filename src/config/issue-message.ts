import type { z } from 'zod';
import { excerpt } from '../domain/excerpt.ts';
import { suggestKey } from './suggestion.ts';

type Issue = z.core.$ZodIssue;

/**
 * One sentence for a schema's finding: what was found, what was expected.
 * @param isSecret whether what was found may be a secret, which must not be shown
 */
export function issueMessage(issue: Issue, isSecret = false): string {
  const show = isSecret ? describe : shown;
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
      return unionMessage(issue, show);
    default:
      return issue.message;
  }
}

function unionMessage(issue: z.core.$ZodIssueInvalidUnion, show: (value: unknown) => string): string {
  if (issue.input === undefined) return `is required: ${issue.message}`;
  if ('options' in issue && Array.isArray(issue.options)) {
    const { type } = (issue.input ?? {}) as { type?: unknown };
    const found = typeof issue.input !== 'object' ? show(issue.input) : type === undefined ? 'no type' : show(type);
    return `found ${found}, expected ${issue.options.map(String).join(', ')}`;
  }
  const specific = issue.errors.flat().find((inner) => inner.code === 'custom');
  return specific ? specific.message : `found ${show(issue.input)}, ${issue.message}`;
}

/** Where a colon was forgotten, the value is a part of the key. */
function firstWord(key: string): string {
  const [first = '', ...more] = key.split(/\s+/);
  return more.length === 0 ? first : `${first} …`;
}

/** One sentence for a key that nobody knows, with the key that was probably meant. */
export function unknownKeyMessage(key: string, known: readonly string[]): string {
  const suggestion = suggestKey(key, known);
  return suggestion === null
    ? `unknown key "${firstWord(key)}", expected ${known.length > 0 ? `one of ${known.join(', ')}` : 'none'}`
    : `unknown key "${firstWord(key)}", did you mean "${suggestion}"?`;
}

/** What a list or an object holds is not shown: there may be a secret in it. */
function shown(value: unknown): string {
  return typeof value === 'object' && value !== null ? describe(value) : excerpt(JSON.stringify(value) ?? '', 60);
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return value === null ? 'nothing' : 'an object';
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}
