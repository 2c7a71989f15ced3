import * as z from 'zod';
import { isObject } from '../../domain/is-object.ts';
import { requestMethods } from '../../domain/plan/export-plan.ts';
import { headers, headerNameProblem, isHeaderName, parameters, url } from './http-values.ts';
import { duration } from './units.ts';
import { condition } from './shaping-schema.ts';
import { expression } from './value-schemas.ts';

const headerName = z
  .string()
  .refine(isHeaderName, { error: ({ input }) => headerNameProblem(String(input)) })
  .meta({ title: 'header name' });

/** Keys of every request of an export. */
function requestShape(method: (typeof requestMethods)[number]) {
  return {
    method: z.enum(requestMethods).default(method).describe('The HTTP method.'),
    params: parameters.default({}).describe('Query parameters; one with a list is sent once for each of its values.'),
    headers: headers.default({}).describe('Sent beside the `headers` of the source, to the same origins.'),
    body: z.unknown().optional().describe('An object is sent as JSON, a text as it is.'),
  };
}

const submit = z.strictObject({
  url: url.optional().describe('URL that starts a job. Default: `url` of the source.'),
  ...requestShape('POST'),
  job: z
    .union(
      [expression, z.strictObject({ header: headerName.describe('Name of the header of the answer.') })],
      'expected a path such as id, or { header: Location }',
    )
    .describe('Where the answer has the id of the job: a path, or `{ header: Location }`.'),
});

const status = z.strictObject({
  url: url.describe(
    'URL that tells how far the job is. `${job}` is its id, `${submit:PATH}` a field of the answer to `submit`.',
  ),
  ...requestShape('GET'),
  done_when: condition.describe('Expression that is true once the documents can be downloaded.'),
  failed_when: condition.optional().describe('Expression that is true if the job has failed: then the run fails.'),
  message: expression
    .optional()
    .describe('Path of the reason of a failure. Default: `message`, `error`, `error_message` and the like.'),
  every: duration(1_000, 86_400_000).prefault('10s').describe('Time between two requests, from `1s` to `1d`.'),
  timeout: duration(1_000, 30 * 86_400_000)
    .prefault('6h')
    .describe('A job that takes longer is cancelled, and the run fails. Pauses do not count. At most 30 days.'),
});

const download = z.strictObject({
  url: url.describe(
    'URL of the document: `${status:PATH}` is a field of the answer to `status`. A list in it is one document each.',
  ),
  ...requestShape('GET'),
});

const cancel = z.strictObject({
  url: url.describe('URL that cancels the job.'),
  ...requestShape('DELETE'),
});

/** Records that an API prepares as a job. */
export const exportJob = z.strictObject({
  submit: submit.describe('The request that starts a job.'),
  status: status.describe('How to tell that the job is done.'),
  download: download.describe('The documents of a job that is done, in the format of the source.'),
  cancel: cancel
    .optional()
    .describe('The request for a job that is no longer needed: the run was cancelled, or the job takes too long.'),
  idempotency_header: headerName
    .optional()
    .describe(
      'Header of `submit` that makes repeated requests one job, such as `Idempotency-Key`. Its value is the run id.',
    ),
});

/** The addresses of an export, as they are written. */
export function exportUrls(job: unknown): string[] {
  return Object.values(isObject(job) ? job : {}).flatMap((request) =>
    isObject(request) && typeof request['url'] === 'string' ? [request['url']] : [],
  );
}

export type ExportConfig = z.infer<typeof exportJob>;
