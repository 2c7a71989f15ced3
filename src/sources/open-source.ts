import type { FetchPosition } from '../domain/fetch.ts';
import { startPosition } from '../domain/poll.ts';
import type { HttpPlan, SourcePlan } from '../domain/source.ts';
import type { WindowText } from '../domain/windows.ts';
import type { SourceState } from '../domain/state.ts';
import type { SchemaChecks } from './extraction/schema-checks.ts';
import type { OpenReaders } from './files/open-readers.ts';
import { beginFiles, readFiles, type FileTools } from './files.ts';
import { htmlFormat } from './html.ts';
import { jsonFormat } from './http-json.ts';
import { fetchHttpPages, firstHttpPlace, type DocumentFormat } from './http-pages.ts';
import type { HttpTools } from './http/fetch-document.ts';
import { firstModulePlace, readModulePages, type ModuleTools } from './module.ts';
import type { FetchContext, Page } from './page.ts';
import { feedFormat } from './rss.ts';

/** What the adapters of all kinds of source need. */
export interface SourceTools extends FileTools, ModuleTools {
  readonly http: HttpTools;
  readonly readers: OpenReaders;
  readonly schemas: SchemaChecks;
  /** Makes a path of the configuration absolute. */
  readonly resolvePath: (path: string) => string;
}

/** A source about to be polled: its plan with secrets filled in, and the state it starts from. */
export interface Poll {
  readonly plan: SourcePlan;
  readonly state: SourceState;
  /** Names the run, for what stays open between its fetches. */
  readonly run: string;
  /** Someone asked for this poll: it asks also a source that said it would not change yet. */
  readonly force: boolean;
  /** A window of time that is asked for, instead of what is new. */
  readonly window: WindowText | null;
}

/** Where a poll begins; null where the source has nothing new. */
export async function beginPoll(poll: Poll, tools: SourceTools, now: Date): Promise<FetchPosition | null> {
  const { plan, state, force, window } = poll;
  if (window) return windowPosition(plan, state, window, now);
  if (!force && state.freshUntil !== null && Date.parse(state.freshUntil) > now.getTime()) return null;
  const place =
    plan.type === 'file'
      ? await beginFiles({ plan, run: poll.run }, state, tools)
      : plan.type === 'module'
        ? firstModulePlace(state)
        : firstHttpPlace(plan, state);
  return place && startPosition(place, state, now);
}

/** Where a window begins. What earlier polls brought is of no account: the ledger tells what is known. */
function windowPosition(plan: SourcePlan, state: SourceState, { from, to }: WindowText, now: Date): FetchPosition {
  if (plan.type === 'file') throw new TypeError(`source ${plan.name} is a file, and has no windows`);
  const place = plan.type === 'module' ? firstModulePlace(state) : firstHttpPlace(plan, state);
  return { ...startPosition({ ...place, since: from, until: to }, state, now), keysKept: null };
}

/** The pages of a source from a position on. */
export function openPages(
  poll: Poll,
  { place }: FetchPosition,
  tools: SourceTools,
  context: FetchContext,
): AsyncGenerator<Page> {
  const { plan, state, run } = poll;
  if (plan.type === 'file' && place.type === 'file') return readFiles({ plan, run }, place, tools, context);
  if (plan.type === 'module' && place.type === 'module') {
    return readModulePages(plan, place, tools, context);
  }
  if (plan.type !== 'file' && plan.type !== 'module' && place.type === 'http') {
    return fetchHttpPages(plan, formatOf(plan, tools, context), place, state, tools.http, context);
  }
  throw new TypeError(`source ${plan.name} is of type ${plan.type}, but its position of type ${place.type}`);
}

function formatOf(plan: HttpPlan, tools: SourceTools, context: FetchContext): DocumentFormat {
  switch (plan.type) {
    case 'http_json':
      return jsonFormat(plan);
    case 'rss':
      return feedFormat(plan, context.signal);
    case 'html':
      return htmlFormat(plan, tools.http, context);
  }
}
