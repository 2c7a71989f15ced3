import { z } from 'zod';
import { duration } from './units.ts';

const retention = duration(86_400_000).nullable().default(null);

/** `daybook.yaml` without its sources, which are checked one by one once they have inherited `defaults`. */
export const fileFrame = z.strictObject({
  version: z.literal(1, { error: 'expected version: 1' }),
  defaults: z.record(z.string(), z.unknown()).default({}),
  sources: z.array(z.unknown(), 'expected a list of sources').min(1, 'expected at least one source'),
  csv: z.strictObject({ retention }).default({ retention: null }),
  dead_letters: z.strictObject({ retention }).default({ retention: null }),
  partitions: z
    .strictObject({
      premake: z.int().min(0).max(366).default(7),
      retention,
      max_ahead: duration().default(172_800_000),
      max_age: duration(1).nullable().default(null),
      max_new_days: z.int().min(1).max(100_000).default(400),
      payload_index: z.enum(['immediate', 'sealed', 'none']).default('immediate'),
    })
    .default({
      premake: 7,
      retention: null,
      max_ahead: 172_800_000,
      max_age: null,
      max_new_days: 400,
      payload_index: 'immediate',
    }),
});

export type FileFrame = z.infer<typeof fileFrame>;
