import * as z from 'zod';
import { encoding } from './value-schemas.ts';

/** How a CSV file is written. */
export const csvOptions = z.strictObject({
  delimiter: z
    .string()
    .length(1, {
      error: ({ input }) =>
        `expected one character${/tab|\\t/i.test(JSON.stringify(input)) ? ', for a tab: "\\t" in double quotes' : ''}`,
    })
    .default(',')
    .describe('Character between fields.'),
  quote: z.string().length(1, 'expected one character').default('"').describe('Character around fields.'),
  header: z
    .union([z.boolean(), z.array(z.string().min(1)).min(1)], 'expected true, false or a list of names')
    .default(true)
    .describe('Whether the first line names the columns (`false`: they are `1`, `2`, …), or their names.'),
  encoding: encoding.optional().describe('The charset. Default: `encoding` of the source.'),
  escape: z
    .string()
    .length(1, 'expected one character')
    .optional()
    .describe('Character before a quote inside a quoted field, such as `\\`. Without it a quote is doubled.'),
  comment: z.string().min(1).optional().describe('Character at the start of lines to skip, such as `#`.'),
  skip_lines: z
    .int()
    .min(0)
    .max(10_000)
    .optional()
    .describe('Number of lines to skip before the header. A line `sep=;` is always skipped.'),
});
