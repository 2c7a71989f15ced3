import type { FetchPosition } from '../domain/fetch.ts';
import { startPosition } from '../domain/poll.ts';
import type { SourcePlan } from '../domain/source.ts';
import type { SourceState } from '../domain/state.ts';
import type { OpenReaders } from './files/open-readers.ts';
import { fetchJsonPages, firstHttpPlace } from './http-json.ts';
import type { HttpClient } from './http/http-client.ts';
import { firstFilePlace, readNdjsonPages, type FileToRead } from './ndjson-file.ts';
import type { FetchContext, Page } from './page.ts';

/** What the adapters of all kinds of source need. */
export interface SourceTools {
  readonly http: HttpClient;
  readonly readers: OpenReaders;
  /** Makes a path of the configuration absolute. */
  readonly resolvePath: (path: string) => string;
}

/** A source about to be polled: its plan with secrets filled in, and the state it starts from. */
export interface Poll {
  readonly plan: SourcePlan;
  readonly state: SourceState;
  /** Names the run, for what stays open between its fetches. */
  readonly run: string;
}

/** Where a poll begins; null where the source has nothing new. */
export async function beginPoll(poll: Poll, tools: SourceTools, now: Date): Promise<FetchPosition | null> {
  const { plan, state } = poll;
  const place = plan.type === 'file' ? await firstFilePlace(fileOf(poll, tools), state) : firstHttpPlace(plan, state);
  return place && startPosition(place, state, now);
}

/** The pages of a source from a position on. */
export function openPages(
  poll: Poll,
  { place }: FetchPosition,
  tools: SourceTools,
  context: FetchContext,
): AsyncGenerator<Page> {
  const { plan, state } = poll;
  if (plan.type === 'file' && place.type === 'file') {
    return readNdjsonPages(fileOf(poll, tools), place, tools.readers, context);
  }
  if (plan.type === 'http_json' && place.type === 'http') {
    return fetchJsonPages(tools.http, plan, place, state, context);
  }
  throw new TypeError(`source ${plan.name} is of type ${plan.type}, but its position of type ${place.type}`);
}

function fileOf({ plan, run }: Poll, tools: SourceTools): FileToRead {
  if (plan.type !== 'file') throw new TypeError(`source ${plan.name} is no file`);
  return { plan, path: tools.resolvePath(plan.path), run };
}
