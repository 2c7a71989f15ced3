import type { ModulePosition } from '../../domain/state/fetch-position.ts';
import { WrongShape } from '../../domain/errors.ts';
import { hidesValues } from '../../domain/plan/shaping-plan.ts';
import type { ModulePlan } from '../../domain/plan/source-plan.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import { limitsOf } from '../compute/source-definition.ts';
import { itemFromWire } from '../compute/wire-item.ts';
import type { HttpTools } from '../http/fetch-document.ts';
import { createModuleFetch } from './module-fetch.ts';
import type { ModulePageWire } from './module-messages.ts';
import type { ModuleCall } from './module-thread.ts';
import type { ModuleThreads } from './module-threads.ts';
import type { FetchContext } from '../extraction/fetch-context.ts';
import type { Page } from '../extraction/page.ts';

export interface ModuleTools {
  readonly http: HttpTools;
  readonly modules: ModuleThreads;
  /** Makes a path of the configuration absolute. */
  readonly resolvePath: (path: string) => string;
}

/** Where a poll begins: where an earlier one stopped, else at the module's own beginning. */
export function firstModulePosition({ unfinished, watermark }: SourceState): ModulePosition {
  if (!unfinished) return { type: 'module', page: 0, cursor: null, skip: 0, since: watermark, recentPages: [] };
  const { page, cursor, since } = unfinished;
  return { type: 'module', page, cursor, skip: 0, since, recentPages: [], saved: { page, cursor, skip: 0 } };
}

/**
 * The pages of a module, from a position on. `plan` has its secrets filled in.
 * @throws SourceRefused, WrongShape, TooCostly; SourceUnavailable for what the module throws
 */
export async function* readModulePages(
  plan: ModulePlan,
  from: ModulePosition,
  tools: ModuleTools,
  context: FetchContext,
): AsyncGenerator<Page> {
  const call = tools.modules.call(plan.name, {
    path: tools.resolvePath(plan.module),
    given: {
      source: plan.name,
      options: plan.options,
      since: from.since,
      until: from.until ?? null,
      cursor: cursorOf(plan.name, from.cursor),
    },
    encoding: plan.encoding ?? null,
    quotes: !hidesValues(plan),
    fetch: createModuleFetch(plan, tools.http, context),
    limits: limitsOf(plan),
    signal: context.signal,
  });
  try {
    for (let place: ModulePosition | null = from; place !== null;) {
      context.onProgress({ page: place.page });
      const page = await call.take();
      const next: ModulePosition | null = await placeAfter(plan.name, place, page, call);
      yield { items: (page?.items ?? []).map(itemFromWire), fetchedAt: new Date(), next, patch: {} };
      place = next;
    }
  } finally {
    call.close();
  }
}

function cursorOf(subject: string, text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new WrongShape(`module: the stored cursor of ${subject} is not JSON`, { cause: error });
  }
}

/** A page without a cursor must be the last: a run could not continue after it. */
async function placeAfter(
  subject: string,
  place: ModulePosition,
  page: ModulePageWire | null,
  call: ModuleCall,
): Promise<ModulePosition | null> {
  if (page === null) return null;
  if (page.cursor === null) {
    if ((await call.take()) === null) return null;
    throw new WrongShape(
      `module: ${subject} yielded another page after one without a cursor, expected a cursor on every page but the last`,
    );
  }
  const { saved: _read, ...rest } = place;
  return { ...rest, page: place.page + 1, cursor: page.cursor };
}
