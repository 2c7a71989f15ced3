import { hasExport } from '../domain/plan/has-export.ts';
import { randomUUID } from 'node:crypto';
import type { FetchPosition, HttpPosition, ModulePosition } from '../domain/state/fetch-position.ts';
import { startPosition, withoutPosition } from '../domain/state/poll.ts';
import type { HttpPlan, ModulePlan, SourcePlan } from '../domain/plan/source-plan.ts';
import { widenWindow, type TimeRangeText } from '../domain/time/backfill-windows.ts';
import type { SourceState } from '../domain/state/source-state.ts';
import { mayStream } from '../domain/plan/large-bodies.ts';
import type { BodyCopies } from '../domain/storage/body-copies.ts';
import { BodyPages } from './bodies/body-pages.ts';
import { acceptOf } from './bodies/http-format.ts';
import type { Compute } from './compute/compute.ts';
import { SourceReader } from './compute/source-reader.ts';
import type { SchemaTexts } from './extraction/schema-texts.ts';
import type { OpenReaders } from './files/open-readers.ts';
import { beginFiles, readFiles, type FileTools } from './files/file-source.ts';
import { feedAccept, htmlAccept, jsonAccept } from './http/accept-headers.ts';
import type { DocumentFormat, Remembered } from './extraction/document-format.ts';
import { exportPages, type ExportDocuments } from './exports/export-pages.ts';
import { DetailPages } from './html/detail-pages.ts';
import { fetchHttpPages } from './http/http-pages.ts';
import type { HttpTools } from './http/fetch-document.ts';
import { firstHttpPosition } from './pagination/first-position.ts';
import { inFirstPart } from './pagination/poll-parts.ts';
import { firstModulePosition, readModulePages, type ModuleTools } from './modules/module-source.ts';
import type { FetchContext } from './extraction/fetch-context.ts';
import type { Page } from './extraction/page.ts';

const defaultWholeBytes = 4 * 1024 * 1024;

/** What the adapters of all kinds of source need. */
export interface SourceTools extends FileTools, ModuleTools {
  readonly http: HttpTools;
  readonly readers: OpenReaders;
  readonly schemas: SchemaTexts;
  /** Computes a source's own expressions, patterns and schema. */
  readonly compute: Compute;
  /** Which item of a feed each guid and link belongs to, by the name in the state; null = unknown. */
  readonly feedItems: { readonly read: (name: string | null) => Promise<string | null> };
  /** Copies of large bodies of a run. @default nothing is stored, as in a preview */
  readonly copies?: (run: string) => BodyCopies;
  /** A body up to this size is held, whatever its format. @default 4 MiB */
  readonly wholeBytes?: number;
  /** Makes a path of the configuration absolute: of a schema, or a module. */
  readonly resolvePath: (path: string) => string;
  /** The same of files that are read: in a bucket if the configuration is in one. @default the same */
  readonly resolveFile?: (path: string) => string;
}

/** A source about to be polled: its plan with secrets filled in, and the state it starts from. */
export interface Poll {
  readonly plan: SourcePlan;
  readonly state: SourceState;
  /** Names the run, for what stays open between its fetches. */
  readonly run: string;
  /** A user requested this poll: it also calls a source that announced no changes yet. */
  readonly force: boolean;
  /** A window of time that is asked for, instead of what is new. */
  readonly window: TimeRangeText | null;
  /** Those of its job, which is done. Absent = the source has no export. */
  readonly documents?: ExportDocuments;
}

/** Where a poll begins; null if the source has nothing new. */
export async function beginPoll(poll: Poll, tools: SourceTools, now: Date): Promise<FetchPosition | null> {
  const { plan, state, force, window } = poll;
  if (window) return windowPosition(plan, state, window, now);
  if (!force && state.freshUntil !== null && Date.parse(state.freshUntil) > now.getTime()) return null;
  if (plan.type === 'file') {
    const place = await beginFiles({ plan, run: poll.run }, state, fileTools(tools));
    return place && startPosition(place, state, now);
  }
  return firstPositionOf({ plan, state, window }, now);
}

/** The same of a source that is no file. Each job of an export has documents of its own: a poll never continues one. */
export function firstPositionOf(
  { plan, state, window }: Pick<Poll, 'state' | 'window'> & { readonly plan: HttpPlan | ModulePlan },
  now: Date,
): FetchPosition {
  if (window) return windowPosition(plan, state, window, now);
  const isFromFront = state.unfinished?.failed === true || hasExport(plan);
  const begun = isFromFront ? withoutPosition(state) : state;
  return startPosition(firstPlace(plan, begun, now), begun, now);
}

/** The same poll from the front, if its position is useless; null if it has no other beginning. */
export function frontOf({ plan, state, window }: Poll, position: FetchPosition, now: Date): FetchPosition | null {
  if (plan.type === 'file' || window || hasExport(plan)) return null;
  const { knownBlobs, keyBlobs, pages, days, cuts } = position;
  const known = withoutPosition({ ...state, previousPoll: [...new Set([...knownBlobs, ...keyBlobs])] });
  return { ...startPosition(firstPlace(plan, known, now), known, now), pages, days, ...(cuts ? { cuts } : {}) };
}

function firstPlace(plan: HttpPlan | ModulePlan, state: SourceState, now: Date): HttpPosition | ModulePosition {
  return plan.type === 'module' ? firstModulePosition(state) : firstHttpPosition(plan, state, now);
}

/** Where a window begins. Earlier polls do not matter: the ledger decides what is already stored. */
function windowPosition(plan: SourcePlan, state: SourceState, window: TimeRangeText, now: Date): FetchPosition {
  if (plan.type === 'file') throw new TypeError(`source ${plan.name} is a file and has no windows`);
  const { from, to } = plan.type === 'module' ? window : widenWindow(window, plan.incremental?.lagMs ?? 0);
  const place = { ...firstPlace(plan, state, now), since: from, until: to };
  const begun = plan.type === 'module' || place.type !== 'http' ? place : inFirstPart(plan, place, to);
  return { ...startPosition(begun, state, now), keysKept: null };
}

/** The pages of a source from a position on. */
export function openPages(
  poll: Poll,
  { place }: FetchPosition,
  tools: SourceTools,
  context: FetchContext,
): AsyncGenerator<Page> {
  const { plan, state, run } = poll;
  if (plan.type === 'file' && place.type === 'file') return readFiles({ plan, run }, place, fileTools(tools), context);
  if (plan.type === 'module' && place.type === 'module') {
    return readModulePages(plan, place, tools, context);
  }
  if (plan.type !== 'file' && plan.type !== 'module' && place.type === 'http') {
    if (!plan.export) return openDocuments(plan, place, poll, tools, context);
    if (!poll.documents) throw new TypeError(`source ${plan.name} has an export, but no job of it is done`);
    const fresh = { ...poll, state: { ...state, etag: null, lastModified: null } };
    return exportPages({ ...plan, export: plan.export }, place, poll.documents, (document, at) =>
      openDocuments(document, at, fresh, tools, context),
    );
  }
  throw new TypeError(`source ${plan.name} is of type ${plan.type}, but its position of type ${place.type}`);
}

/** What is fetched over HTTP: large bodies in stretches, others page by page. */
function openDocuments(
  plan: HttpPlan,
  place: HttpPosition,
  { state, run }: Poll,
  tools: SourceTools,
  context: FetchContext,
): AsyncGenerator<Page> {
  const format = formatOf(plan, state, tools, context);
  if (plan.type !== 'http' || !mayStream(plan)) {
    return fetchHttpPages(plan, format, place, state, tools.http, context);
  }
  const { http, readers, copies, wholeBytes = defaultWholeBytes } = tools;
  const bodies = { http, readers, copies: copies?.(run) ?? null, wholeBytes, run };
  return new BodyPages(plan, format, state, bodies, context).read(place);
}

function fileTools(tools: SourceTools): FileTools {
  return { ...tools, resolvePath: tools.resolveFile ?? tools.resolvePath };
}

/** The kind of document that a source answers with. */
export function formatOf(
  plan: HttpPlan,
  state: SourceState,
  tools: SourceTools,
  context: FetchContext,
): DocumentFormat {
  const { dateOrder = null } = state;
  switch (plan.type) {
    case 'http_json':
      return context.reader.format(jsonAccept);
    case 'rss':
      return context.reader.format(feedAccept, async () => ({
        ...(await recallItems(state, tools)),
        dateOrder,
      }));
    case 'http':
      return context.reader.format(acceptOf(plan), async () => ({ items: null, unknown: 'free', dateOrder }));
    case 'html':
      return plan.detail
        ? new DetailPages({ plan, http: tools.http, context, run: randomUUID(), dateOrder }).format()
        : context.reader.format(htmlAccept, async () => ({ items: null, unknown: 'free', dateOrder }));
  }
}

/** Which item of a feed each guid and link belongs to. */
async function recallItems(
  { feedItems }: SourceState,
  { feedItems: store }: SourceTools,
): Promise<Pick<Remembered, 'items' | 'unknown'>> {
  const items = await store.read(feedItems ?? null);
  if (typeof feedItems === 'string') return { items, unknown: 'taken' };
  return { items, unknown: feedItems === undefined ? 'free_for_one' : 'free' };
}

/** The reader of a source's pages. @throws SourceUnavailable if its schema cannot be read */
export async function openReader(
  plan: SourcePlan,
  tools: Pick<SourceTools, 'schemas' | 'compute' | 'resolvePath'>,
  signal: AbortSignal | null = null,
): Promise<SourceReader> {
  return new SourceReader(plan, await tools.schemas.of(plan, tools.resolvePath), tools.compute, signal);
}
