import * as z from 'zod';
import { instanceNamePattern } from '../../domain/instance.ts';
import { expectedName } from '../environment/instance-name.ts';
import { duration } from './units.ts';

const retention = (what: string) => duration(86_400_000).nullable().default(null).describe(what);

/** `daybook.yaml` without its sources, which are checked one by one once they have inherited `defaults`. */
export const fileFrame = z.strictObject({
  version: z.literal(1, { error: 'expected version: 1' }).describe('Version of the format.'),
  instance: z
    .string(expectedName)
    .regex(instanceNamePattern, expectedName)
    .optional()
    .describe(
      'Name of this Daybook where several share a Temporal namespace; same as `DAYBOOK_INSTANCE`. Default: `daybook`.',
    ),
  defaults: z
    .record(z.string(), z.unknown())
    .default({})
    .describe(
      'Default values for sources: any key except `name`. They apply to sources whose type has the key and that do not set it.',
    ),
  sources: z
    .array(z.unknown().meta({ title: 'source' }), { error: ({ input }) => sourcesMessage(input) })
    .min(1, 'expected at least one source')
    .describe('The sources to fetch.'),
  csv: z
    .strictObject({
      retention: retention(
        'Sealed days of the CSV journal are deleted when all of the day is older than this. `null`: kept forever.',
      ),
    })
    .prefault({})
    .describe('The CSV journal.'),
  dead_letters: z
    .strictObject({ retention: retention('Older dead letters are deleted. `null`: kept forever.') })
    .prefault({})
    .describe('Dead letters: rejected records.'),
  partitions: z
    .strictObject({
      premake: z.int().min(0).max(366).default(7).describe('Days ahead for which partitions are created.'),
      retention: retention('Days that ended longer ago are archived and dropped. `null`: kept forever.'),
      max_ahead: duration().prefault('2d').describe('Records further in the future are dead letters, `out_of_range`.'),
      max_age: duration(1)
        .nullable()
        .default(null)
        .describe('Older records become dead letters with the reason `out_of_range`. `null`: no limit.'),
      max_new_days: z
        .int()
        .min(1)
        .max(100_000)
        .default(400)
        .describe(
          'Maximum number of distinct days in one run; records of further days are dead letters, `out_of_range`.',
        ),
      payload_index: z
        .enum(['immediate', 'sealed', 'none'])
        .default('immediate')
        .describe('When payloads are indexed: when they are stored, once their day is past, or never.'),
    })
    .prefault({})
    .describe('The daily partitions of `raw_events`.'),
});

function sourcesMessage(input: unknown): string {
  const expected = 'expected a list of sources';
  if (input === undefined) return `is required: ${expected}`;
  if (typeof input !== 'object' || input === null) return expected;
  const isOne = 'type' in input || 'url' in input;
  return isOne
    ? `found one source, ${expected}: a dash before its first key`
    : `found an object, ${expected}, each with a dash and its name: - name: …`;
}

export type FileFrame = z.infer<typeof fileFrame>;
