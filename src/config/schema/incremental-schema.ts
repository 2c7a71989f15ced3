import * as z from 'zod';
import { duration } from './units.ts';
import { expression, isoTime, timeFormat } from './value-schemas.ts';

/** How only new records are requested. */
export const incremental = z.strictObject({
  cursor: expression.describe('Path of the time in a record that the source filters by.'),
  format: timeFormat.default('iso8601').describe('Format of the time in records and parameters.'),
  param_format: timeFormat.optional().describe('Format of the time in parameters, if it differs from `format`.'),
  start_param: z
    .string()
    .optional()
    .describe(
      'Parameter that requests newer records; or the request names `${since}`. Without either everything is requested, and older records are skipped.',
    ),
  end_param: z
    .string()
    .optional()
    .describe('Parameter that requests older records; backfills need it, or `${until}` in the request.'),
  initial_value: isoTime.optional().describe('Where the first run starts.'),
  step: duration(1_000)
    .optional()
    .describe(
      'A longer range is requested in parts of this length, one after the other. Needs both ends of the range: `start_param` and `end_param`, or `${since}` and `${until}`. The first run needs `initial_value`, otherwise it is one request.',
    ),
  order: z
    .enum(['asc', 'desc'])
    .default('asc')
    .describe(
      '`desc`: the API returns the newest records first. Once all records of a page are already stored and older than `lag`, later pages are not read.',
    ),
  lag: duration()
    .prefault('0s')
    .describe(
      'How far each run looks back before the newest record, to find late records. A backfill window is extended by this on both sides.',
    ),
});
