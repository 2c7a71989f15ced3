import type { FileFrame } from './file-schema.ts';
import type { Problem } from './problem.ts';
import type { SourceConfig } from './source-schemas.ts';

/**
 * What a configuration asks for that this version cannot do yet.
 * @param frame null where it cannot be read
 * @param sources null in the place of one that cannot be read
 */
export function notAvailable(frame: FileFrame | null, sources: readonly (SourceConfig | null)[]): Problem[] {
  return [
    ...(frame ? frameGaps(frame) : []),
    ...sources.flatMap((source, index) => (source ? sourceGaps(source, index) : [])),
  ];
}

function frameGaps(frame: FileFrame): Problem[] {
  const gaps: Problem[] = [];
  if (frame.csv.retention !== null) gaps.push(gap(['csv', 'retention'], 'retention'));
  if (frame.dead_letters.retention !== null) gaps.push(gap(['dead_letters', 'retention'], 'retention'));
  if (frame.partitions.retention !== null) gaps.push(gap(['partitions', 'retention'], 'retention'));
  if (frame.partitions.payload_index !== 'immediate') {
    gaps.push(gap(['partitions', 'payload_index'], `payload_index: ${frame.partitions.payload_index}`));
  }
  return gaps;
}

function sourceGaps(source: SourceConfig, index: number): Problem[] {
  const at = (key: string, what: string, hint?: string) => gap(['sources', index, key], what, hint);
  const gaps: Problem[] = [];
  if (source.schema !== undefined) gaps.push(at('schema', 'schema'));
  if (source.expect !== undefined) gaps.push(at('expect', 'expect'));
  switch (source.type) {
    case 'http_json':
      if (!['single_page', 'page_number'].includes(source.paginator.type)) {
        gaps.push(at('paginator', `paginator ${source.paginator.type}`));
      }
      if (source.method !== 'GET') gaps.push(at('method', `method: ${source.method}`));
      if (source.body !== undefined) gaps.push(at('body', 'body'));
      if (source.auth !== undefined) gaps.push(at('auth', `auth ${source.auth.type}`, 'until then use headers'));
      if (source.rate_limit !== undefined) gaps.push(at('rate_limit', 'rate_limit'));
      if (source.concurrency > 1) gaps.push(at('concurrency', 'concurrency above 1'));
      if (source.robots === 'obey') gaps.push(at('robots', 'robots: obey'));
      if (source.on_response.length > 0) gaps.push(at('on_response', 'on_response'));
      return gaps;
    case 'file':
      return [...gaps, ...fileGaps(source, at)];
    default:
      return [at('type', `type ${source.type}`), ...gaps];
  }
}

function fileGaps(
  source: Extract<SourceConfig, { type: 'file' }>,
  at: (key: string, what: string) => Problem,
): Problem[] {
  const gaps: Problem[] = [];
  if (/[*?[\]{}]/.test(source.path)) gaps.push(at('path', `a glob ("${source.path}")`));
  const format = source.format ?? /\.(json|csv)(?:\.gz)?$/.exec(source.path)?.[1] ?? 'ndjson';
  if (format !== 'ndjson') gaps.push(at('format', `format ${format}`));
  if (source.csv !== undefined) gaps.push(at('csv', 'csv'));
  return gaps;
}

function gap(path: Problem['path'], what: string, hint?: string): Problem {
  return { path, message: `${what} is not available yet${hint === undefined ? '' : `; ${hint}`}` };
}
