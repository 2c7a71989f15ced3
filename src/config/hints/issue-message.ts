import type { z } from 'zod';
import { truncate } from '../../domain/secrets/redact.ts';
import { keysOfSource } from '../schema/source-schemas.ts';
import { adviceFor, suggestKey } from './suggestion.ts';
import { exampleFor, missingSpaceIn, suggestValue } from './value-hint.ts';

type Issue = z.core.$ZodIssue;

/**
 * One sentence for a schema's finding: what was found, what was expected.
 * @param path where it was found
 * @param isSecret whether what was found may be a secret, which must not be shown
 */
export function issueMessage(issue: Issue, path: readonly (string | number)[] = [], isSecret = false): string {
  const show = isSecret ? describe : shown;
  switch (issue.code) {
    case 'invalid_type':
      return typeMessage(issue, path, show);
    case 'invalid_value':
      return valueMessage(issue, issue.values.map(String), path, show);
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array'
        ? `found nothing, expected at least ${issue.minimum}`
        : `found ${show(issue.input)}, expected at least ${issue.minimum}`;
    case 'too_big':
      if (issue.origin === 'string' && issue.message.startsWith('expected '))
        return `found ${show(issue.input)}, ${issue.message}`;
      return `found ${show(issue.input)}, expected at most ${issue.maximum}`;
    case 'invalid_union':
      return unionMessage(issue, path, show);
    default:
      return issue.message;
  }
}

type Show = (value: unknown) => string;

/** Names of types that a person knows. */
const typeNames: Readonly<Record<string, string>> = {
  record: 'an object',
  object: 'an object',
  array: 'a list',
  string: 'a text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

function typeMessage(issue: z.core.$ZodIssueInvalidType, path: readonly (string | number)[], show: Show): string {
  // Not the library's own words.
  if (!issue.message.startsWith('Invalid input')) return issue.message;
  const { input } = issue;
  const example = exampleFor(path, typeof input === 'string' && show === describe ? null : input);
  const expected = typeNames[issue.expected] ?? issue.expected;
  if (input === undefined) return `is required: expected ${example ?? expected}`;
  const space = typeof input === 'string' && show === shown && expected === 'an object' ? missingSpaceIn(input) : null;
  if (space !== null) return `found ${show(input)}, expected ${space}`;
  if (typeof input === 'string' && /^-?\d+$/.test(input) && /number/.test(expected)) {
    return `found the text ${show(input)}, expected ${expected} without quotes`;
  }
  const meant = expected === 'true or false' && typeof input === 'string' ? booleanFor(input) : null;
  return `found ${show(input)}, expected ${meant ?? example ?? expected}`;
}

/** YAML 1.1 read these words as booleans; YAML 1.2 reads them as texts. */
function booleanFor(text: string): string | null {
  const word = text.toLowerCase();
  if (['yes', 'on', 'true', 'y', '1'].includes(word)) return 'true (without quotes)';
  return ['no', 'off', 'false', 'n', '0'].includes(word) ? 'false (without quotes)' : null;
}

function valueMessage(
  issue: { readonly input?: unknown; readonly message: string },
  known: readonly string[],
  path: readonly (string | number)[],
  show: Show,
): string {
  if (issue.message.startsWith('expected version')) {
    if (issue.input === undefined) return `is required: ${issue.message}, as the first line`;
    return `found ${typeof issue.input === 'string' ? 'the text ' : ''}${show(issue.input)}, ${issue.message}`;
  }
  const suggested = suggestValue(String(path.at(-1) ?? ''), issue.input, known);
  if (suggested !== null) return `found ${shown(issue.input)}, expected ${suggested}`;
  return `found ${show(issue.input)}, expected ${known.join(', ')}`;
}

function unionMessage(issue: z.core.$ZodIssueInvalidUnion, path: readonly (string | number)[], show: Show): string {
  if (issue.input === undefined) {
    const example = exampleFor(path, undefined);
    return `is required: ${example === null ? issue.message : `expected ${example}`}`;
  }
  if ('options' in issue && Array.isArray(issue.options)) {
    const known = issue.options.map(String);
    const isObject = typeof issue.input === 'object';
    const { type } = (isObject ? (issue.input ?? {}) : { type: issue.input }) as { type?: unknown };
    const suggested = suggestValue('type', type, known);
    if (suggested !== null) return `found ${shown(type)}, expected ${suggested}`;
    const found = type === undefined ? 'no type' : show(type);
    return `found ${found}, expected ${typeShownBy(issue.input) ?? known.join(', ')}`;
  }
  const specific = issue.errors.flat().find((inner) => inner.code === 'custom');
  return specific ? specific.message : `found ${show(issue.input)}, ${issue.message}`;
}

/** The type of `auth` that has these keys, if no type is given. */
function typeShownBy(value: unknown): string | null {
  const has = (key: string) => typeof value === 'object' && value !== null && key in value;
  if (has('type')) return null;
  const type = has('login')
    ? 'session'
    : has('token')
      ? 'bearer'
      : has('password')
        ? 'http_basic'
        : has('api_key') || has('api_keys')
          ? 'api_key'
          : has('refresh_token')
            ? 'oauth2_refresh_token'
            : has('client_id')
              ? 'oauth2_client_credentials'
              : null;
  return type && `type: ${type} beside these keys`;
}

/** Where a colon was forgotten, the value is a part of the key. */
function firstWord(key: string): string {
  const [first = '', ...more] = key.split(/\s+/);
  return more.length === 0 ? first : `${first} …`;
}

/** Longest list of keys that is printed whole. */
const maxKeys = 14;

/** One sentence for an unknown key, with the key that was probably meant. */
export function unknownKeyMessage(key: string, known: readonly string[]): string {
  const found = `unknown key "${firstWord(key)}"`;
  if (known.includes('variables') && known.includes('query')) {
    if (/^(?:body|json|payload)$/.test(key)) {
      return `${found}, expected query and variables: a source of type graphql sends them as its body`;
    }
    if (key === 'method') return `${found}, expected none: a source of type graphql sends POST`;
  }
  const suggestion = suggestKey(key, known);
  if (suggestion !== null) return `${found}, did you mean "${suggestion}"?`;
  const isAtTop = known.includes('sources');
  if (keysOfSource(null).has(key) && (isAtTop || !known.includes('occurred_at'))) {
    return `${found} here, expected it in ${isAtTop ? 'a source, or in defaults for all of them' : 'the source itself: indent it less'}`;
  }
  const advice = adviceFor(key);
  if (advice !== null) return `${found}, ${advice}`;
  if (known.length > maxKeys) return `${found}, expected a key from docs/sources-reference.md`;
  return `${found}, expected ${known.length > 0 ? `one of ${known.join(', ')}` : 'none'}`;
}

/** What a list or an object holds is not shown: there may be a secret in it. */
function shown(value: unknown): string {
  return typeof value === 'object' && value !== null ? describe(value) : truncate(JSON.stringify(value) ?? '', 60);
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return value === null ? 'nothing' : 'an object';
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}
