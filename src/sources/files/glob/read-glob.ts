import type { FilePosition } from '../../../domain/state/fetch-position.ts';
import type { FilePlan } from '../../../domain/plan/source-plan.ts';
import type { ObjectFiles } from '../../../domain/storage/object-files.ts';
import type { FilesProgress } from '../../../domain/state/file-progress.ts';
import type { SourceState } from '../../../domain/state/source-state.ts';
import type { FetchContext } from '../../extraction/fetch-context.ts';
import type { Page } from '../../extraction/page.ts';
import { GlobPass } from './glob-pass.ts';
import { placeOf } from '../places/place-of.ts';
import type { OpenReaders } from '../open-readers.ts';
import { readFilePages, type FilePage } from '../read-file.ts';

export interface GlobTools {
  readonly readers: OpenReaders;
  /** Makes a path of the configuration absolute. */
  readonly resolvePath: (path: string) => string;
  /** How buckets are read. @default not at all */
  readonly objects?: ObjectFiles | undefined;
  /** The blobs that say how far each file of a glob was read; the activity writes them. */
  readonly progress: { readonly read: (name: string | null) => Promise<FilesProgress> };
  /** See `FileToRead`. */
  readonly standStillMs?: number;
}

/** Where a run over the files of a glob begins: at the first that has something new. Null if none has. */
export async function beginGlob(
  plan: FilePlan,
  run: string,
  state: SourceState,
  tools: GlobTools,
): Promise<FilePosition | null> {
  const { files } = state;
  const { pass, isFirst, list } = await openPass(plan, run, files, tools, new AbortController().signal);
  const place = await pass.next('');
  // A file that could not be inspected is reported later by the fetch.
  if (pass.firstFailed !== null) return { ...behindLast(files), path: pass.firstFailed };
  if (place) return place;
  return pass.failures.any || (isFirst && list.paths.length === 0) ? behindLast(files) : null;
}

/**
 * Reads the files of a glob that have something new, one after the other. Unreadable files are skipped.
 * @throws what they failed with, once all others are read
 */
export async function* readGlobPages(
  plan: FilePlan,
  run: string,
  from: FilePosition,
  tools: GlobTools,
  context: FetchContext,
): AsyncGenerator<Page> {
  const { pass, files, isFirst, at: where } = await openPass(plan, run, from.files, tools, context.signal);
  let waits = false;
  let over = false;

  /** A page of a file, or an empty one, as one of all files. */
  const pageOfAll = (
    page: Pick<Page, 'items' | 'fetchedAt' | 'patch' | 'warnings'>,
    next: FilePosition | null,
  ): Page => {
    over = next === null && !pass.failures.any;
    if (over) pass.forgetGone();
    const warning = pass.takeWarning();
    // If earlier runs read something, a run without further records does not mean an empty source.
    const end = over && (!isFirst || waits) ? { end: { notModified: true } } : {};
    const { items, fetchedAt, patch, warnings = [] } = page;
    const behind = over ? null : (next ?? behindLast(from.files));
    return { items, fetchedAt, patch, next: behind, files, ...end, ...(warning === null ? {} : { warning }), warnings };
  };

  let next: FilePosition | null;
  for (let place = await pass.resume(from); place !== null; place = next) {
    const { path } = place;
    let at = place;
    let last: FilePage | null = null;
    try {
      const { blocks } = files.get(path) ?? {};
      const file = { plan, path: tools.resolvePath(path), at: where, run, blocks, standStillMs: tools.standStillMs };
      for await (const page of readFilePages(file, place, tools.readers, context)) {
        pass.recordProgress(path, page.blocks === null ? page.patch.file : { ...page.patch.file, blocks: page.blocks });
        waits ||= page.patch.file.waitsForNewline;
        at = page.next ?? at;
        if (page.next) yield pageOfAll(page, { ...page.next, files: from.files });
        else last = page;
      }
    } catch (error) {
      if (context.signal.aborted) throw error;
      pass.fail(path, error, at);
    }
    next = await pass.next(path);
    if (last) yield pageOfAll(last, next);
  }
  if (pass.failures.any) throw pass.failures.toError(plan.name);
  if (!over) yield pageOfAll({ items: [], fetchedAt: new Date(), patch: {} }, null);
}

/** After all files: only those that failed are left. */
function behindLast(files: string | null): FilePosition {
  return {
    type: 'file',
    path: '',
    files,
    offset: 0,
    lines: 0,
    size: 0,
    headBytes: 0,
    headHash: '',
    stoodStill: false,
  };
}

async function openPass(plan: FilePlan, run: string, name: string | null, tools: GlobTools, signal: AbortSignal) {
  const files = new Map(await tools.progress.read(name));
  const at = placeOf(tools.resolvePath(plan.path), tools.objects);
  const list = await at.list(plan, tools.resolvePath);
  const { resolvePath } = tools;
  const pass = new GlobPass({ plan, run, files: name, list, progress: files, resolvePath, at, signal });
  return { pass, files, list, at, isFirst: files.size === 0 };
}
