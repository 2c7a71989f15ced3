import { placeholdersIn } from '../../../formats/template/parse-template.ts';
import { namedPlaceholders, originOf, type RequestProblem, type WrittenRequest } from '../written-request.ts';

/** What is wrong with keys of a paginator and `incremental` that need each other. */
export function pagingProblems(source: WrittenRequest): readonly RequestProblem[] {
  return [...ownProblems(source), ...followingProblems(source)];
}

function ownProblems(source: WrittenRequest): readonly RequestProblem[] {
  const { paginator = { type: 'single_page' }, incremental } = source;
  switch (paginator.type) {
    case 'cursor':
      return [...cursorProblems(paginator), ...stepProblems(source)];
    case 'keyset':
      return [...keysetProblems(source, paginator), ...stepProblems(source)];
    case 'offset':
      return [...offsetProblems(paginator), ...maxOffsetProblems(source, paginator), ...stepProblems(source)];
    default:
      return [...totalProblems(paginator), ...(incremental ? stepProblems(source) : [])];
  }
}

type Paginator = NonNullable<WrittenRequest['paginator']>;

function problem(path: readonly string[], message: string, input?: unknown): RequestProblem {
  return { path, message, input };
}

function cursorProblems({ cursor_path: path, cursor_header: header }: Paginator): RequestProblem[] {
  if (path !== undefined && header !== undefined) {
    return [
      problem(['paginator', 'cursor_header'], 'found cursor_path and cursor_header, expected only one of them', header),
    ];
  }
  if (path !== undefined || header !== undefined) return [];
  return [
    problem(['paginator', 'cursor_path'], 'is required: expected cursor_path: meta.next_cursor, or cursor_header'),
  ];
}

/** Pages after the first that have a request of their own. */
function followingProblems(source: WrittenRequest): RequestProblem[] {
  const { following, paginator, url } = source;
  if (!following) return [];
  if (paginator?.type !== 'cursor') {
    const message = `found following, expected paginator: { type: cursor, cursor_path: next_cursor } for it (found ${paginator?.type ?? 'none'})`;
    return [problem(['following'], message)];
  }
  const named = placeholdersIn(following).some(
    ({ placeholder }) => placeholder.kind === 'placeholder' && placeholder.name === 'cursor',
  );
  if (!named) {
    return [
      problem(
        ['following'],
        'found no ${cursor}, expected it in url, params or body: it is what leads to the next page',
      ),
    ];
  }
  const [own, other] = [originOf(url), following.url === undefined ? null : originOf(following.url)];
  if (other === null || own === other) return [];
  const message =
    own === null
      ? `found ${other}, but a record or the environment says where url leads; expected no url here`
      : `found ${other}, expected a URL at ${own}, where the first page is`;
  return [problem(['following', 'url'], message, other)];
}

function totalProblems({ total_path: path, total_header: header }: Paginator): RequestProblem[] {
  if (path === undefined || header === undefined) return [];
  return [
    problem(['paginator', 'total_header'], 'found total_path and total_header, expected only one of them', header),
  ];
}

function keysetProblems(source: WrittenRequest, { key, key_param: param }: Paginator): RequestProblem[] {
  const named = namedPlaceholders(source).has('last');
  if (param === undefined && !named) {
    const message = 'is required: expected key_param: after_id, or ${last:id} in the request';
    return [problem(['paginator', 'key_param'], message)];
  }
  if (key !== undefined || named) return [];
  return [
    problem(['paginator', 'key'], 'is required: expected the path of the value that records are ordered by: key: id'),
  ];
}

function offsetProblems(paginator: Paginator): RequestProblem[] {
  const { next_offset_path: path, next_offset_header: header, max_offset: most } = paginator;
  const totals = totalProblems(paginator);
  if (path !== undefined && header !== undefined) {
    const message = 'found next_offset_path and next_offset_header, expected only one of them';
    return [...totals, problem(['paginator', 'next_offset_header'], message, header)];
  }
  if ((path ?? header) === undefined || most === undefined) return totals;
  const message = 'found max_offset, but each page says the offset of the next one; expected only one of them';
  return [...totals, problem(['paginator', 'max_offset'], message, most)];
}

function maxOffsetProblems(source: WrittenRequest, { max_offset: most }: Paginator): RequestProblem[] {
  if (most === undefined) return [];
  const { incremental } = source;
  const path = ['paginator', 'max_offset'];
  if (!incremental || !asks(source, 'since')) {
    const message =
      'found max_offset, but the request does not ask for records since a time; expected incremental with start_param, or ${since} in the request';
    return [problem(path, message, most)];
  }
  return incremental['order'] === 'desc' ? [problem(path, ascending('max_offset'), most)] : [];
}

function stepProblems(source: WrittenRequest): RequestProblem[] {
  const { incremental, paginator } = source;
  const step = incremental?.['step'];
  if (!incremental || step === undefined) return [];
  const path = ['incremental', 'step'];
  const missing = [
    ...(asks(source, 'since') ? [] : ['start_param (or ${since} in the request)']),
    ...(asks(source, 'until') ? [] : ['end_param (or ${until} in the request)']),
  ];
  if (missing.length > 0) return [problem(path, `step needs ${missing.join(' and ')} in incremental`, step)];
  if (incremental['order'] === 'desc') return [problem(path, ascending('step'), step)];
  if (paginator?.['resume'] !== undefined) {
    return [problem(path, 'found step beside resume: token, expected only one of them', step)];
  }
  return [];
}

function ascending(key: string): string {
  return `found ${key} beside order: desc, expected order: asc, because the oldest records must come first`;
}

/** Whether requests ask for a bound of time, in either way. */
function asks(source: WrittenRequest, name: 'since' | 'until'): boolean {
  const param = source.incremental?.[name === 'since' ? 'start_param' : 'end_param'];
  return param !== undefined || namedPlaceholders(source).has(name);
}
