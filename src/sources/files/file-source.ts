import type { FilePosition } from '../../domain/state/fetch-position.ts';
import type { FilePlan } from '../../domain/plan/source-plan.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import { isGlob } from './glob/pattern.ts';
import { readFilePages } from './read-file.ts';
import { beginGlob, readGlobPages, type GlobTools } from './glob/read-glob.ts';
import { placeOf } from './places/place-of.ts';
import { firstFilePosition, singleFile } from './first-position.ts';
import type { FetchContext } from '../extraction/fetch-context.ts';
import type { Page } from '../extraction/page.ts';

/** What the adapter of files needs. */
export type FileTools = GlobTools;

/** A source of files about to be read; `run` names its run. */
export interface FileSource {
  /** With secrets filled in. */
  readonly plan: FilePlan;
  readonly run: string;
}

/** Where a run begins; null if there is nothing new. */
export async function beginFiles(
  { plan, run }: FileSource,
  state: SourceState,
  tools: FileTools,
): Promise<FilePosition | null> {
  if (isGlob(plan.path)) return beginGlob(plan, run, state, tools);
  const path = tools.resolvePath(plan.path);
  const file = { plan, path, at: placeOf(path, tools.objects), run };
  return firstFilePosition(file, state, await tools.progress.read(state.files));
}

/** The records of a file, or of the files that a glob matches, from a place on. */
export function readFiles(
  { plan, run }: FileSource,
  place: FilePosition,
  tools: FileTools,
  context: FetchContext,
): AsyncGenerator<Page> {
  if (isGlob(plan.path)) return readGlobPages(plan, run, place, tools, context);
  return readSingle({ plan, run }, place, tools, context);
}

async function* readSingle(
  { plan, run }: FileSource,
  place: FilePosition,
  tools: FileTools,
  context: FetchContext,
): AsyncGenerator<Page> {
  const { readers, resolvePath, objects, progress, standStillMs } = tools;
  const blocks = (await progress.read(place.files)).get(singleFile)?.blocks;
  const path = resolvePath(plan.path);
  const file = { plan, path, at: placeOf(path, objects), run, blocks, standStillMs };
  for await (const { blocks: read, ...page } of readFilePages(file, place, readers, context)) {
    yield read === null ? page : { ...page, files: new Map([[singleFile, { ...page.patch.file, blocks: read }]]) };
  }
}
