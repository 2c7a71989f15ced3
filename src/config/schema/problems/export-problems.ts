import type { PlaceholderName } from '../../../formats/template/parse-template.ts';
import { placeholdersIn } from '../../../formats/template/parse-template.ts';
import type { ExportConfig } from '../export-schema.ts';
import { hasSecrets, originOf, type RequestProblem, type WrittenRequest } from '../written-request.ts';

type Part = 'submit' | 'status' | 'download' | 'cancel';

/** What is wrong with the export of a source, given its other keys. */
export function exportProblems(source: WrittenRequest): readonly RequestProblem[] {
  const { export: job } = source;
  if (!job) return [];
  return [...unfillable(source, job), ...computed(job), ...besides(source), ...elsewhere(source, job)];
}

const times: readonly PlaceholderName[] = ['since', 'until', 'now'];

/** What the requests of an export may name; the address of a document also what the API says of a job that is done. */
const names: Readonly<Record<Part, readonly PlaceholderName[]>> = {
  submit: times,
  status: ['job', 'submit', ...times],
  download: ['job', 'submit', ...times],
  cancel: ['job', 'submit', ...times],
};

function unfillable({ incremental }: WrittenRequest, job: ExportConfig): RequestProblem[] {
  return (Object.keys(names) as Part[]).flatMap((part) =>
    placeholdersIn(job[part], ['export', part]).flatMap(({ path, placeholder }): RequestProblem[] => {
      if (placeholder.kind !== 'placeholder' || expressions.includes(String(path[2]))) return [];
      const isDocument = part === 'download' && path[2] === 'url';
      const known = isDocument ? ['status', ...names[part]] : names[part];
      const { name: named } = placeholder;
      if ((named === 'since' || named === 'until') && incremental === undefined) {
        const message = `found ${placeholder.text}, expected incremental: { cursor: updated_at } for it`;
        return [{ path, message, input: placeholder.text }];
      }
      if (known.includes(named)) return [];
      const expected = known.map((name) => `\${${name}${name === 'submit' || name === 'status' ? ':PATH' : ''}}`);
      const message = `found ${placeholder.text}, expected one of ${expected.join(', ')}`;
      return [{ path, message, input: placeholder.text }];
    }),
  );
}

/** Keys whose values are JMESPath. */
const expressions = ['job', 'done_when', 'failed_when', 'message'];

function computed({ submit, status }: ExportConfig): RequestProblem[] {
  const paths = [
    ['submit', 'job', submit.job],
    ['status', 'done_when', status.done_when],
    ['status', 'failed_when', status.failed_when],
    ['status', 'message', status.message],
  ] as const;
  return paths.flatMap(([part, key, text]): RequestProblem[] => {
    if (typeof text !== 'string') return [];
    if (!text.includes('${')) return [];
    const message = `found "${text}", expected JMESPath without \${…}: nothing is filled in there`;
    return [{ path: ['export', part, key], message, input: text }];
  });
}

/** Paginators whose next page is an address: those of documents must not be in a workflow. */
const linked = ['json_link', 'header_link', 'html_link'];

function besides({ params, body, paginator, for_each: fanOut, incremental }: WrittenRequest): RequestProblem[] {
  const problems: RequestProblem[] = [];
  const found = (path: readonly string[], input: unknown, expected: string) =>
    problems.push({ path, input, message: `found ${path.join('.')} beside export, expected ${expected}` });
  if (params && Object.keys(params).length > 0) found(['params'], params, 'export.submit.params');
  if (body !== undefined && body !== null) found(['body'], body, 'export.submit.body');
  if (fanOut !== undefined && fanOut !== null) found(['for_each'], fanOut, 'a source of its own for each job');
  if (incremental?.['step'] !== undefined) {
    found(
      ['incremental', 'step'],
      incremental['step'],
      'one job for the whole range; a backfill submits one for each of its windows',
    );
  }
  if (paginator && linked.includes(paginator.type)) {
    found(['paginator'], paginator, 'single_page, cursor, page_number or offset: the pages are those of a document');
  }
  if (paginator?.['resume'] !== undefined)
    found(['paginator', 'resume'], paginator['resume'], 'none: each job has pages of its own');
  return problems;
}

/** Requests that need the secrets of the source, but are not sent to its origin. */
function elsewhere(source: WrittenRequest, job: ExportConfig): RequestProblem[] {
  const { url, origins = [], trusted_origins: trusted = [] } = source;
  const own = originOf(url);
  if (own === null || !hasSecrets(source)) return [];
  return (['submit', 'status', 'cancel'] as const).flatMap((part): RequestProblem[] => {
    const written = job[part]?.url;
    const origin = written === undefined ? null : originOf(written);
    if (written === undefined || origin === null || [own, ...origins, ...trusted].includes(origin)) return [];
    const message = `found ${origin}, but auth and headers are sent only to ${own}; to trust that origin, set trusted_origins: ["${origin}"]`;
    return [{ path: ['export', part, 'url'], message, input: origin }];
  });
}
