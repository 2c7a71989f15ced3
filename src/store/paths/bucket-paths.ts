import type { Day } from '../../domain/time/day.ts';
import { anyName, count, day, partCheck, source, text, time } from './path-fields.ts';
import { pathLayout as path } from './path-layout.ts';
import type { PartName } from './paths.ts';

/** A sealing of what was ingested of a source on a day. They are counted from 1; the highest one counts. */
interface Generation {
  readonly source: string;
  readonly day: Day;
  readonly generation: number;
}

const dayFields = { source, day };
const generationFields = { ...dayFields, generation: count };

/** Objects by which a bucket is tried, below its prefix and below `csv` in it. Other readers of the journal skip hidden ones. */
export const bucketProbes = {
  /** Shows whether it can be used. */
  use: path<object>('.probe', {}),
  /** Shows whether it keeps conditions. */
  conditions: path<{ readonly name: string }>('.conditions/.{name}', { name: anyName }),
};

/**
 * Files of the CSV journal in a bucket, below `csv`: partitions as Hive, Spark, Glue and DuckDB expect them. `src`, because a
 * partition with the name of a column is refused; files whose names begin with `_` or `.` are skipped by those readers.
 */
export const bucketPaths = {
  /** The records of a batch. */
  part: path<PartName>('src={source}/day={day}/{ingestedAt}-{hash}{check}.csv', {
    ...dayFields,
    ingestedAt: time,
    hash: text('[0-9a-f]+'),
    check: partCheck,
  }),
  /**
   * A day, its parts merged. The token is random: a name that was never used before is met by no late request that concerns another
   * file.
   */
  sealed: path<Generation & { readonly token: string }>('src={source}/day={day}/{day}.g{generation}.{token}.csv.gz', {
    ...generationFields,
    token: text('[0-9a-f]{16}'),
  }),
  /** Written once for each generation: who writes it has sealed the day. It names its file. */
  sealManifest: path<Generation>('src={source}/day={day}/_{day}.g{generation}.json', generationFields),
  probe: bucketProbes.use,
};

/** Names of the folders of a source and of a day in it. */
export const bucketFolders = {
  source: path<{ readonly source: string }>('src={source}', { source }),
  day: path<{ readonly day: Day }>('day={day}', { day }),
};
