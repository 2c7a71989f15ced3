import type { CsvPlan } from '../../domain/plan/source-plan.ts';
import type { FileConfig } from '../schema/source-schemas.ts';

/** How CSV is written. */
export function csvPlan(csv: FileConfig['csv']): CsvPlan {
  const { delimiter, quote, header, encoding = null, escape, comment, skip_lines: skipLines = 0 } = csv;
  return {
    delimiter,
    quote,
    header,
    encoding,
    // Only if they are set: the fingerprints of 0.2.0 do not include them.
    ...(escape === undefined ? {} : { escape }),
    ...(comment === undefined ? {} : { comment }),
    ...(skipLines === 0 ? {} : { skipLines }),
  };
}
