import { basename, dirname, join, resolve } from 'node:path';
import { namedStore } from '../../../config/environment/store-setting.ts';
import { UsageError } from '../../../domain/errors.ts';
import { storeName, type StoreLocations, type StoreSetting } from '../../../domain/storage/store-setting.ts';
import { identifyFolder } from '../../../embedded/home/folder-identity.ts';
import { copySide } from '../../../store/copy/copy-side.ts';
import { copyStore, type CopyResult, type CopyStep } from '../../../store/copy/copy-store.ts';
import { openStores } from '../../../store/open-stores.ts';
import { createContext, type CommonOptions, type Context } from '../../options/context.ts';
import { requireNoWorkers } from '../../options/no-workers.ts';
import { print, printInfo, printJson } from '../../output/output.ts';
import { ProgressLine } from '../../output/terminal/progress.ts';

export interface CopyStoreOptions extends CommonOptions {
  readonly from?: string;
  readonly to?: string;
  readonly replace?: boolean;
  readonly json?: boolean;
}

/** `daybook store copy`: copies the whole store, with the journal, between folders and buckets. */
export async function copyStoreCommand(options: CopyStoreOptions): Promise<void> {
  const context = createContext(options);
  const [from, to] = [locationsOf(context, '--from', options.from), locationsOf(context, '--to', options.to)];
  const [fromName, toName] = [storeName(from.store), storeName(to.store)];
  const [fromPlace, toPlace] = [placeOf(from.store), placeOf(to.store)];
  if (isInside(fromPlace, toPlace) || isInside(toPlace, fromPlace)) {
    const found = [named(fromName, fromPlace), named(toName, toPlace)].join(' and ');
    throw new UsageError(
      `store copy: found ${found}, expected two places, neither of them inside the other; name the other store with --to or --from`,
    );
  }
  let isWarned = false;
  const line = new ProgressLine();
  const words: Readonly<Record<CopyStep, string>> = {
    copied: `looking for files that ${toName} lacks`,
    compared: 'comparing all files',
  };
  const copied = await copyStore(copySide(openStores(from)), copySide(openStores(to)), {
    replace: options.replace === true,
    signal: new AbortController().signal,
    onProgress: (step, files) => line.show({ text: `${words[step]}: ${files}`, done: files, total: null }),
    requireNoWorkers: async (storeId) => {
      if ((await requireNoWorkers(context, storeId)) || isWarned) return;
      isWarned = true;
      printInfo(
        'no Temporal server is configured (TEMPORAL_ADDRESS), so workers on other machines could not be asked for: make sure that none uses either of the two stores',
      );
    },
  }).finally(() => line.end());
  if (options.json) return printJson({ from: fromName, to: toName, ...copied });
  report(fromName, toName, copied);
}

/**
 * A store by its name; the configured one, by whatever name, has its journal where the configuration says.
 * @throws InvalidEnvironment if it is neither a folder nor a bucket
 */
function locationsOf({ environment }: Context, option: string, text: string | undefined): StoreLocations {
  if (text === undefined) return environment;
  if (text === '') throw new UsageError(`${option}: found nothing, expected a folder or s3://bucket/prefix`);
  const store = namedStore(option, text, environment.lookUp, environment.proxies);
  if (placeOf(store) === placeOf(environment.store)) return { store, dataFolder: environment.dataFolder };
  return { store, dataFolder: store.kind === 'directory' ? store.folder : environment.dataFolder };
}

/** A bucket by its name, a folder by its path without links. */
function placeOf(store: StoreSetting): string {
  return store.kind === 's3' ? storeName(store) : realFolder(resolve(store.folder));
}

/** Of one that may not exist yet. */
function realFolder(folder: string): string {
  const real = identifyFolder(folder)?.path;
  if (real !== undefined || dirname(folder) === folder) return real ?? folder;
  return join(realFolder(dirname(folder)), basename(folder));
}

function isInside(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`);
}

function named(name: string, place: string): string {
  return place === name ? name : `${name} (${place})`;
}

function report(from: string, to: string, copied: CopyResult): void {
  const { files, written, deleted, bytes, records, days } = copied;
  const removed = deleted === 0 ? '' : `, ${deleted} deleted that ${from} has no more`;
  print(`${to} has all ${files} files of ${from}: ${written} written (${bytes} bytes)${removed}; all were compared`);
  for (const source of new Set(days.map((day) => day.source))) {
    const own = days.filter((day) => day.source === source);
    const sum = own.reduce((total, day) => total + day.records, 0);
    print(`  ${source}: ${sum} records on ${own.length} days of ingestion`);
  }
  print(`${records} records in both journals`);
  if (copied.leftOutCount > 0) {
    printInfo(
      `${copied.leftOutCount} files in the folder of the journal are not Daybook's and were left out, such as ${copied.leftOut[0]}`,
    );
  }
  const setting = to.startsWith('s3://') ? `DAYBOOK_STORE=${to}` : `DAYBOOK_DATA=${to}, without DAYBOOK_STORE,`;
  printInfo(`to use it, set ${setting} for all workers and commands before you start them; ${from} is unchanged`);
}
