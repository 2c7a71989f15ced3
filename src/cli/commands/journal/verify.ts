import { dirname, resolve } from 'node:path';
import { findSource } from '../../../config/file/find-source.ts';
import type { Config } from '../../../config/file/parse-config.ts';
import { planOf } from '../../../config/plan/plan.ts';
import { findingKinds, type FindingKind } from '../../../verify/findings.ts';
import { withClient } from '../../../sinks/postgres/connection/client.ts';
import { postgresFailure } from '../../../sinks/postgres/connection/postgres-failure.ts';
import type { Compute } from '../../../sources/compute/compute.ts';
import type { SourceReader } from '../../../sources/compute/source-reader.ts';
import { createThreadCompute } from '../../../sources/compute/thread-compute.ts';
import { createSchemaTexts } from '../../../sources/extraction/schema-texts.ts';
import type { StoredVerdict } from '../../../sources/extraction/stored-check.ts';
import { openReader } from '../../../sources/open-source.ts';
import { waitingDeliveries } from '../../../store/delivery/deferred.ts';
import { compareDay, type ComparedDay, type DayToCompare, type RowToCheck } from '../../../verify/compare-day.ts';
import {
  createContext,
  openStoreToRead,
  requirePostgres,
  type CommonOptions,
  type Context,
} from '../../options/context.ts';
import { loadConfig } from '../../options/load-config.ts';
import { openJournal, windowOfDay } from '../../options/journal-selection.ts';
import { setExitCode } from '../../output/exit-code.ts';
import { print, printJson, printLines, printInfo } from '../../output/output.ts';
import { UsageError } from '../../../domain/errors.ts';

export interface VerifyOptions extends CommonOptions {
  readonly day?: string;
  readonly source?: string;
  readonly sample?: string;
  readonly json?: boolean;
}

/** How many records pass between two lines of progress. */
const sayEvery = 100_000;

/** `daybook verify`: compares the CSV journal with PostgreSQL for a day. Exit code 1 if they differ. */
export async function verifyCommand(options: VerifyOptions): Promise<void> {
  const { day, source = null, json } = options;
  if (day === undefined) throw new UsageError('missing --day, e.g. --day 2026-11-01');
  const window = windowOfDay(day);
  const sample = options.sample === undefined ? null : Number(options.sample);
  if (sample !== null && !(Number.isInteger(sample) && sample >= 0 && sample <= 100_000)) {
    throw new UsageError(`--sample: found "${options.sample}", expected 0 to 100000 rows`);
  }
  const context = createContext(options);
  const config = loadConfig(context);
  const journal = openJournal(context);
  // A removed source may still have records; a misspelt one would be reported as consistent.
  if (source !== null && !(await journal.sources()).includes(source)) findSource(config, source);
  const compute = createThreadCompute();
  const check = await checksOf(context, config, compute);
  const settings = requirePostgres(context);
  const compared = await withClient(settings, (client) =>
    compareDay({
      client,
      schema: settings.schema,
      journal,
      day,
      window,
      source,
      sample,
      check,
      onProgress: progress(),
    }),
  )
    .catch((error: unknown) => {
      throw postgresFailure(error, `${day} could not be verified`);
    })
    .finally(() => void compute.close());
  if (!compared.consistent) setExitCode(1);
  if (json) return printJson(compared);
  report(compared);
  const waiting = (await waitingDeliveries(openStoreToRead(context))).filter(
    (one) => source === null || one.source === source,
  );
  for (const { sink, source: of, batches } of waiting) {
    printInfo(
      `${batches} batches of ${of} are deferred for ${sink}: their records may show as differences until they are delivered`,
    );
  }
}

/** The time rule and schema of each configured source, applied by threads. */
async function checksOf(context: Context, config: Config, compute: Compute): Promise<DayToCompare['check']> {
  const schemas = createSchemaTexts();
  const folder = dirname(context.environment.configFile);
  const resolvePath = (path: string) => resolve(folder, path);
  const readers = new Map<string, SourceReader>();
  for (const configured of config.sources) {
    const plan = planOf(config, configured);
    readers.set(plan.name, await openReader(plan, { schemas, compute, resolvePath }));
  }
  return async (rows) => {
    const verdicts = new Map<RowToCheck, StoredVerdict>();
    for (const source of new Set(rows.map((row) => row.source))) {
      const ofSource = rows.filter((row) => row.source === source);
      const checked = (await readers.get(source)?.checkStored(ofSource)) ?? [];
      for (const [position, verdict] of checked.entries()) {
        const row = ofSource[position];
        if (row) verdicts.set(row, verdict);
      }
    }
    return rows.map((row) => verdicts.get(row) ?? null);
  };
}

function report({ day, source, csv, postgres, ...rest }: ComparedDay): void {
  print(`${day}, ${source ?? 'all sources'}: ${csv.lines} CSV lines of ${csv.keys} keys, ${postgres.rows} rows`);
  print(`compared: all keys and times, ${postgres.payloads} payloads`);
  const { timeRule, schema } = rest.skipped;
  print(`configuration rules: ${postgres.payloads - timeRule} times, ${postgres.payloads - schema} schemas checked`);
  if (timeRule > 0) print(`  ${timeRule} rows have a time that is not in their payload`);
  if (rest.storedOnOtherDays > 0)
    print(`${rest.storedOnOtherDays} keys are stored under another day, by an earlier version`);
  for (const damage of rest.damaged) print(damage);
  for (const [kind, found] of Object.entries(rest.findings)) {
    const { what, remedy } = findingKinds[kind as FindingKind];
    printLines(`\n${found.count} ${what}`);
    for (const key of found.keys) print(`  ${key}`);
    if (found.count > found.keys.length) print(`  … and ${found.count - found.keys.length} more`);
    print(`  ${remedy}`);
  }
  printLines(rest.consistent ? 'consistent' : '\nnot consistent');
}

function progress(): DayToCompare['onProgress'] {
  const said = { lines: 0, rows: 0 };
  return (what, count) => {
    if (count - said[what] < sayEvery) return;
    said[what] = count;
    printInfo(`${count} ${what === 'lines' ? 'CSV lines' : 'rows'} read`);
  };
}
