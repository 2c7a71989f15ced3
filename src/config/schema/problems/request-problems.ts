import { exportProblems } from './export-problems.ts';
import { onlyPlaceholder, placeholdersIn, type PlaceholderName } from '../../../formats/template/parse-template.ts';
import { pagingProblems } from './paging-problems.ts';
import {
  hasSecrets,
  namedPlaceholders,
  requestParts,
  type RequestProblem,
  type WrittenRequest,
} from '../written-request.ts';

/** What is wrong with a source's placeholders, given its paginator and `incremental`. */
export function requestProblems(source: WrittenRequest): readonly RequestProblem[] {
  return [
    ...unfillable(source),
    ...writtenTwice(source),
    ...missing(source),
    ...pagingProblems(source),
    ...exportProblems(source),
  ];
}

/** Placeholders that nothing gives a value. */
function unfillable(source: WrittenRequest): RequestProblem[] {
  return placeholdersIn(requestParts(source)).flatMap(({ path, placeholder }): RequestProblem[] => {
    if (placeholder.kind !== 'placeholder' || path[0] === 'export') return [];
    const expected = expectedFor(placeholder.name, source);
    if (expected === null) return [];
    return [{ path, message: `found ${placeholder.text}, expected ${expected}`, input: placeholder.text }];
  });
}

/** The paginators that fill a placeholder. */
const paginatorsOf: Partial<Record<PlaceholderName, readonly string[]>> = {
  cursor: ['cursor'],
  page: ['page_number'],
  offset: ['offset'],
  limit: ['offset'],
  last: ['keyset', 'cursor'],
};

const examples: Readonly<Record<string, string>> = {
  cursor: 'paginator: { type: cursor, cursor_path: next_cursor }',
  page_number: 'paginator: page_number',
  offset: 'paginator: { type: offset, limit: 100 }',
  keyset: 'paginator: keyset',
};

/** What a source needs for a placeholder; null if it has that. */
function expectedFor(name: PlaceholderName, source: WrittenRequest): string | null {
  const { type, paginator, incremental } = source;
  const fitting = paginatorsOf[name];
  if (fitting) {
    const found = paginator?.type ?? 'single_page';
    if (fitting.includes(found)) return null;
    const example = examples[fitting[0] ?? ''] ?? '';
    return paginator === undefined
      ? `none: a source of type ${type} has no paginator`
      : `${example} for it (found ${found})`;
  }
  if ((name === 'since' || name === 'until') && incremental === undefined) {
    return type === 'rss' || type === 'html'
      ? `none: a source of type ${type} has no incremental`
      : 'incremental: { cursor: updated_at } for it';
  }
  if (name === 'job' || name === 'submit' || name === 'status') return 'it in the requests of export';
  if (name === 'parent' && (source.for_each === undefined || source.for_each === null)) {
    return 'for_each for it: it names a field of the record that a request is made for';
  }
  return null;
}

/** Parameters that say the same as a placeholder. */
const paramsOf: readonly (readonly [PlaceholderName, 'paginator' | 'incremental', string])[] = [
  ['cursor', 'paginator', 'cursor_param'],
  ['page', 'paginator', 'page_param'],
  ['offset', 'paginator', 'offset_param'],
  ['limit', 'paginator', 'limit_param'],
  ['last', 'paginator', 'key_param'],
  ['since', 'incremental', 'start_param'],
  ['until', 'incremental', 'end_param'],
];

function writtenTwice(source: WrittenRequest): RequestProblem[] {
  const named = namedPlaceholders(source);
  return paramsOf.flatMap(([name, owner, key]): RequestProblem[] => {
    const written = source[owner]?.[key];
    if (!named.has(name) || written === undefined || written === null) return [];
    const message = `found ${key} and \${${name}${name === 'last' ? ':…' : ''}} in the request, expected only one of them`;
    return [{ path: [owner, key], message, input: written }];
  });
}

function missing(source: WrittenRequest): RequestProblem[] {
  const { paginator, url, origins } = source;
  const problems: RequestProblem[] = [];
  if (
    paginator?.type === 'cursor' &&
    paginator['cursor_param'] === undefined &&
    !namedPlaceholders(source).has('cursor')
  ) {
    const message = 'is required: expected cursor_param: cursor, or ${cursor} in the request';
    problems.push({ path: ['paginator', 'cursor_param'], message, input: undefined });
  }
  if (onlyPlaceholder(url) !== null && origins === undefined && hasSecrets(source)) {
    const message =
      'is required: url is an address that a record gives, and the source has secrets; expected the origins that they may be sent to, such as origins: [https://api.example.com]';
    problems.push({ path: ['origins'], message, input: undefined });
  }
  return problems;
}
