import { listPrices, dollarsOf } from '../../../domain/cost/list-prices.ts';
import { costOf, pollCosts, sumOf, type PollCost } from '../../../domain/cost/poll-cost.ts';
import { hasExport } from '../../../domain/plan/has-export.ts';
import { isFetchedApart } from '../../../domain/plan/large-bodies.ts';
import { UsageError } from '../../../domain/errors.ts';
import { counted } from '../../../domain/text/counted.ts';
import { planOf } from '../../../config/plan/plan.ts';
import { nextStarts } from '../../../config/schedule/next-starts.ts';
import { scheduleGrid } from '../../../config/schedule/schedule-grid.ts';
import { parseDuration } from '../../../config/schema/units.ts';
import type { SourceConfig } from '../../../config/schema/source-schemas.ts';
import { createContext, type CommonOptions } from '../../options/context.ts';
import { loadConfig } from '../../options/load-config.ts';
import { formatTable, print, printJson, printLines } from '../../output/output.ts';

export interface CostOptions extends CommonOptions {
  readonly sources?: string;
  readonly every?: string;
  readonly json?: boolean;
}

const days = 30;
const monthMs = days * 86_400_000;
/** A cron line starts once a minute at most. */
const mostStarts = monthMs / 60_000;
const mostSources = 1_000_000;

/** `daybook cost`: requests to a bucket, actions of Temporal Cloud and their list prices in a month, from counted figures. */
export async function costCommand(options: CostOptions): Promise<void> {
  const { sources, polls, apart, probed, exporting } = pollsOf(options);
  const total = (find: 'unchanged' | 'batch') =>
    sumOf([costOf(polls - apart, pollCosts.usual[find]), costOf(apart, pollCosts.apart[find])]);
  const cases = [
    { case: 'nothing new', ...figuresOf(total('unchanged')) },
    { case: 'one batch', ...figuresOf(total('batch')) },
  ];
  if (options.json) return printJson({ sources, days, polls, probed, prices: listPrices, cases });
  print(`${counted(sources, 'source')}, ${grouped(polls)} polls in ${days} days`);
  print('');
  const rows = cases.map(({ case: name, requests, actions, dollars }) => [
    name,
    ...[requests.get, requests.put, actions].map(grouped),
    dollars.s3.toFixed(2),
    dollars.temporal === null ? 'ask' : dollars.temporal.toFixed(2),
  ]);
  printLines(formatTable(['each poll finds', 'GET', 'PUT', 'actions', 'S3 $', 'Temporal Cloud $'], rows));
  print('');
  print(
    `List prices of ${listPrices.asOf}: S3 Standard in us-east-1, pay as you go of Temporal Cloud. Storage, traffic,`,
  );
  print(
    'taxes and the plan of Temporal Cloud come on top; a store in a folder and a Temporal server of your own cost no',
  );
  print('requests and no actions.');
  if (probed > 0) {
    print(
      `${counted(probed, 'source')} with probe: true cost less where nothing is new: at most 0.2 actions a poll from 50 on.`,
    );
  }
  if (exporting > 0) {
    print(
      `${counted(exporting, 'source')} with export: 3 GET, 2 PUT and 1 action more for each export, and 1 GET and 2 actions for each look at it.`,
    );
  }
}

interface Polls {
  readonly sources: number;
  /** In a month. */
  readonly polls: number;
  /** Of these, the ones whose fetches are steps of their own. */
  readonly apart: number;
  /** Sources with `export`. */
  readonly exporting: number;
  /** Sources that are probed. */
  readonly probed: number;
}

function pollsOf(options: CostOptions): Polls {
  const { sources, every } = options;
  if (sources === undefined && every === undefined) return ofConfig(options);
  const count = sources === undefined ? 1 : Number(sources);
  if (!Number.isInteger(count) || count < 1 || count > mostSources) {
    throw new UsageError(`--sources: found "${sources}", expected a number from 1 to ${mostSources}`);
  }
  const everyMs = parseDuration(every ?? '1m');
  if (everyMs === null || everyMs < 1_000) {
    throw new UsageError(`--every: found "${every}", expected a duration from 1s on, such as 1m or 6h`);
  }
  return { sources: count, polls: Math.round((count * monthMs) / everyMs), apart: 0, exporting: 0, probed: 0 };
}

function ofConfig(options: CostOptions): Polls {
  const config = loadConfig(createContext(options));
  const now = new Date();
  const all = config.sources.map((source) => ({ plan: planOf(config, source), starts: startsOf(source, now) }));
  const startsIn = (some: typeof all) => some.reduce((sum, { starts }) => sum + starts, 0);
  return {
    sources: all.length,
    polls: startsIn(all),
    apart: startsIn(all.filter(({ plan }) => isFetchedApart(plan))),
    exporting: all.filter(({ plan }) => hasExport(plan)).length,
    probed: config.sources.filter(({ schedule }) => schedule?.probe === true).length,
  };
}

/** Starts of a source in a month. */
function startsOf({ name, schedule }: SourceConfig, now: Date): number {
  if (schedule === undefined) return 0;
  const grid = scheduleGrid(name, schedule);
  if (grid) return Math.round(monthMs / grid.everyMs);
  const end = now.getTime() + monthMs;
  return nextStarts(name, schedule, now, mostStarts).filter((start) => start.getTime() < end).length;
}

function figuresOf({ get, put, actions }: PollCost) {
  return { requests: { get, put }, actions, dollars: dollarsOf({ get, put, actions }) };
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
