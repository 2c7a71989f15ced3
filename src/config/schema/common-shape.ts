import * as z from 'zod';
import { canarySource } from '../../domain/names.ts';
import { labelPattern } from '../../domain/plan/label.ts';
import { sourceNamePattern } from '../../domain/plan/source-plan.ts';
import { shapingShape } from './shaping-schema.ts';
import { byteSize, duration } from './units.ts';
import { encoding, expression, requiredOccurredAt, retry, schedule } from './value-schemas.ts';

const name = z
  .string()
  .regex(sourceNamePattern, {
    error: (issue) =>
      `found "${String(issue.input)}", expected 1 to 63 of a-z, 0-9, _ and -, starting with a letter or digit${nameHint(String(issue.input))}`,
  })
  .refine((text) => text !== canarySource, `found "${canarySource}", which is reserved for the canary`);

function nameHint(text: string): string {
  const fitting = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, '-')
    .replaceAll(/^[-_]+|-+$/g, '')
    .slice(0, 63);
  return sourceNamePattern.test(fitting) ? `, such as ${fitting}` : '';
}

const label = z.string().regex(labelPattern, {
  error: (issue) =>
    `found "${String(issue.input)}", expected a label of 1 to 63 of a-z, 0-9, _ and -, as in DAYBOOK_LABELS of a worker`,
});

export const id = z.union([expression, z.array(expression).min(1)], 'expected a JMESPath expression or a list of them');

export const describedId = 'Id of the record, unique within the source; the values of a list are joined and hashed.';
export const describedTime = 'Time of the record. A string is short for its path.';

/** Keys of every source. */
export const commonShape = {
  name: name.describe('Its identity: part of rows, keys, files and workflow ids. 1 to 63 of `a-z`, `0-9`, `_`, `-`.'),
  id: id.describe(describedId),
  occurred_at: requiredOccurredAt.describe(describedTime),
  encoding: encoding
    .optional()
    .describe(
      'Its charset, such as `windows-1252`. Default: detected from byte order mark, bytes, headers and declaration.',
    ),
  retry: retry.prefault({}).describe('How a failed fetch is retried.'),
  runs_on: label
    .optional()
    .describe('Label of the workers that fetch it: those with it in `DAYBOOK_LABELS`. Without it any worker does.'),
  schedule: schedule.optional().describe('When it runs automatically; without it only by command.'),
  schema: z.string().optional().describe('Path of a JSON Schema; a record that does not match is a dead letter.'),
  on_invalid: z
    .enum(['dead_letter', 'fail'])
    .default('dead_letter')
    .describe('An invalid record becomes a dead letter, or fails the run.'),
  max_reject_ratio: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe(
      'Share of rejected records (from 20 records on) above which a run fails; valid records are stored first.',
    ),
  max_record: byteSize().prefault('8MiB').describe('Maximum size of a record as JSON; a larger one is a dead letter.'),
  limits: z
    .strictObject({
      record_cpu: duration(10, 60_000)
        .prefault('5s')
        .describe('CPU time for one record; a record that takes longer is a dead letter.'),
      page_cpu: duration(10, 120_000)
        .prefault('30s')
        .describe('CPU time for a whole page, and for a module between two awaits; taking longer fails the run.'),
    })
    .prefault({})
    .describe('Limits on the CPU time of its expressions, patterns, schema and code.'),
  allow_empty: z.boolean().default(false).describe('Whether a poll may have no records; otherwise it opens an alert.'),
  expect: z
    .strictObject({
      min_records: z.int().min(0).optional().describe('A poll with fewer valid records opens an alert.'),
      max_staleness: duration(1).optional().describe('No new record for longer than this opens an alert.'),
    })
    .optional()
    .describe('What a healthy source delivers.'),
  ...shapingShape,
};
