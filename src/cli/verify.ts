import { dirname, resolve } from 'node:path';
import { findSource } from '../config/find-source.ts';
import type { Config } from '../config/parse-config.ts';
import { planOf } from '../config/plan.ts';
import { findingKinds, type FindingKind } from '../domain/findings.ts';
import { withClient } from '../sinks/postgres/client.ts';
import { postgresFailure } from '../sinks/postgres/postgres-failure.ts';
import { createSchemaChecks } from '../sources/extraction/schema-checks.ts';
import { createStoredCheck } from '../sources/extraction/stored-check.ts';
import { waitingDeliveries } from '../store/deferred.ts';
import { journalSources } from '../store/journal/journal-files.ts';
import { compareDay, type ComparedDay, type DayToCompare } from './compare-day.ts';
import { createContext, loadConfig, openStore, requirePostgres, type CommonOptions, type Context } from './context.ts';
import { journalFolders, windowOfDay } from './journal-choice.ts';
import { print, printJson, say } from './output.ts';
import { UsageError } from './usage-error.ts';

export interface VerifyOptions extends CommonOptions {
  readonly day?: string;
  readonly source?: string;
  readonly sample?: string;
  readonly json?: boolean;
}

/** How many records pass between two lines of progress. */
const sayEvery = 100_000;

/** `daybook verify`: compares the CSV journal with PostgreSQL for a day. Exit code 1 where they differ. */
export async function verifyCommand(options: VerifyOptions): Promise<void> {
  const { day, source = null, json } = options;
  if (day === undefined) throw new UsageError('found no --day, expected a day such as 2026-11-01');
  const window = windowOfDay(day);
  const sample = options.sample === undefined ? null : Number(options.sample);
  if (sample !== null && !(Number.isInteger(sample) && sample >= 0 && sample <= 100_000)) {
    throw new UsageError(`--sample: found "${options.sample}", expected 0 to 100000 rows`);
  }
  const context = createContext(options);
  const config = loadConfig(context);
  // A source that is no longer configured may have records still; a misspelt one would be found consistent.
  if (source !== null && !(await journalSources(journalFolders(context))).includes(source)) findSource(config, source);
  const check = await checksOf(context, config);
  const settings = requirePostgres(context);
  const compared = await withClient(settings, (client) =>
    compareDay({
      ...{ client, schema: settings.schema, folders: journalFolders(context), day, window, source, sample, check },
      onProgress: progress(),
    }),
  ).catch((error: unknown) => {
    throw postgresFailure(error, `${day} could not be verified`);
  });
  if (!compared.consistent) process.exitCode = 1;
  if (json) return printJson(compared);
  report(compared);
  const waiting = (await waitingDeliveries(openStore(context))).filter(
    (one) => source === null || one.source === source,
  );
  for (const { sink, source: of, paths } of waiting) {
    say(
      `${paths.length} batches of ${of} wait for ${sink}: their records may show as differences until they are delivered`,
    );
  }
}

/** The time rule and schema of each configured source. */
async function checksOf(context: Context, config: Config): Promise<DayToCompare['check']> {
  const schemas = createSchemaChecks();
  const folder = dirname(context.environment.configFile);
  const checks = new Map<string, ReturnType<typeof createStoredCheck>>();
  for (const configured of config.sources) {
    const plan = planOf(config, configured);
    checks.set(plan.name, createStoredCheck(plan, await schemas.of(plan, (path) => resolve(folder, path))));
  }
  return ({ source, payload }, micros) => (payload === null ? null : (checks.get(source)?.(payload, micros) ?? null));
}

function report({ day, source, csv, postgres, ...rest }: ComparedDay): void {
  print(`${day}, ${source ?? 'all sources'}: ${csv.lines} CSV lines of ${csv.keys} keys, ${postgres.rows} rows`);
  print(`compared: all keys and times, ${postgres.payloads} payloads`);
  const { timeRule, schema } = rest.skipped;
  print(
    `rules of the configuration: ${postgres.payloads - timeRule} times, ${postgres.payloads - schema} schemas checked`,
  );
  if (timeRule > 0) print(`  ${timeRule} rows have a time that their payload does not tell`);
  if (rest.storedOnOtherDays > 0)
    print(`${rest.storedOnOtherDays} keys are stored on another day, by an earlier version`);
  for (const damage of rest.damaged) print(damage);
  for (const [kind, found] of Object.entries(rest.findings)) {
    const { what, todo } = findingKinds[kind as FindingKind];
    print(`\n${found.count} ${what}`);
    for (const key of found.keys) print(`  ${key}`);
    if (found.count > found.keys.length) print(`  … and ${found.count - found.keys.length} more`);
    print(`  ${todo}`);
  }
  print(rest.consistent ? 'consistent' : '\nnot consistent');
}

function progress(): DayToCompare['onProgress'] {
  const said = { lines: 0, rows: 0 };
  return (what, count) => {
    if (count - said[what] < sayEvery) return;
    said[what] = count;
    say(`${count} ${what === 'lines' ? 'CSV lines' : 'rows'} read`);
  };
}
