import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { FilePosition } from '../../../../src/domain/state/fetch-position.ts';
import type { FilePlan } from '../../../../src/domain/plan/source-plan.ts';
import type { FilesProgress } from '../../../../src/domain/state/file-progress.ts';
import type { SourceState } from '../../../../src/domain/state/source-state.ts';
import { OpenReaders } from '../../../../src/sources/files/open-readers.ts';
import { beginFiles, readFiles, type FileTools } from '../../../../src/sources/files/file-source.ts';
import type { FetchContext } from '../../../../src/sources/extraction/fetch-context.ts';
import type { Page } from '../../../../src/sources/extraction/page.ts';
import type { ReadItem } from '../../../../src/sources/extraction/read-records.ts';
import { contextOf, filePlan, readAll, state } from '../plans.ts';

/** What became of a run. */
export interface FileRun {
  readonly pages: readonly Page[];
  readonly items: readonly ReadItem[];
  /** Values of the records, in order. */
  readonly values: readonly unknown[];
  /** Reasons and indexes of the items that could not be read. */
  readonly refused: readonly (readonly [string, number])[];
  readonly warnings: readonly string[];
  readonly fetches: number;
  /** The run found nothing new. */
  readonly unchanged: boolean;
  /** What the run failed with, after so many attempts. */
  readonly error: unknown;
}

export interface FileRunOptions extends Partial<FilePlan> {
  /** Pages of one fetch. @default all */
  readonly pagesAtOnce?: number;
  /** Attempts of a fetch that fails. @default 1 */
  readonly attempts?: number;
  /** Called before each fetch. */
  readonly beforeFetch?: (number: number) => void;
  readonly context?: Partial<FetchContext>;
  /** How long a last row without a newline has to be unchanged. @default 0 */
  readonly standStillMs?: number;
}

/** A folder of files, and a source that reads them run by run as the activity does. */
export class FileRuns {
  readonly folder = mkdtempSync(join(tmpdir(), 'daybook-files-'));
  readonly readers = new OpenReaders();
  state: SourceState = state;
  /** Contents of blobs by name. */
  readonly #blobs = new Map<string, string>();
  #runs = 0;

  write(name: string, content: string | Buffer): void {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** How far each file was read. */
  get progress(): FilesProgress {
    return this.#read(this.state.files);
  }

  async run(options: FileRunOptions = {}): Promise<FileRun> {
    const { pagesAtOnce = Infinity, attempts = 1, beforeFetch = () => {}, context: given = {}, ...more } = options;
    const { standStillMs = 0, ...fields } = more;
    const source = { plan: filePlan(fields), run: `run ${++this.#runs}` };
    const tools: FileTools = {
      readers: this.readers,
      resolvePath: (path) => join(this.folder, path),
      progress: { read: async (name) => this.#read(name) },
      standStillMs,
    };
    const pages: Page[] = [];
    let [fetches, failures] = [0, 0];
    let error: unknown = null;
    let place = await beginFiles(source, this.state, tools);
    while (place && failures < attempts) {
      beforeFetch(++fetches);
      const fetched: Page[] = [];
      try {
        for await (const page of readFiles(source, place, tools, { ...contextOf(source.plan), ...given })) {
          fetched.push(page);
          if (fetched.length >= pagesAtOnce) break;
        }
        [error, failures] = [null, 0];
      } catch (thrown) {
        if (fetched.length === 0) [error, failures] = [thrown, failures + 1];
      }
      const last = fetched.at(-1);
      if (last) place = this.#settle(last);
      pages.push(...fetched);
    }
    const found = pages.some((page) => page.items.length > 0);
    const unchanged = !found && (pages.at(-1)?.end?.notModified ?? pages.length === 0);
    const items = pages.flatMap((page) => readAll(page.items));
    return {
      pages,
      items,
      fetches,
      unchanged,
      error,
      values: items.flatMap((item) => ('raw' in item ? [item.raw.value] : [])),
      refused: items.flatMap((item) => ('raw' in item ? [] : [[item.rejection.reason, item.index] as const])),
      warnings: pages.flatMap(({ warning }) => (warning === undefined ? [] : [warning])),
    };
  }

  async close(): Promise<void> {
    await this.readers.closeAll();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Takes a fetch's last page into the state; returns where the next one begins. */
  #settle({ patch, files, next }: Page): FilePosition | null {
    this.state = { ...this.state, ...patch };
    if (files) {
      const name = `blob ${this.#blobs.size + 1}`;
      this.#blobs.set(name, JSON.stringify([...files]));
      this.state = { ...this.state, files: name };
      // Through JSON, as workflows carry it.
      return JSON.parse(JSON.stringify(next && { ...next, files: name })) as FilePosition | null;
    }
    return JSON.parse(JSON.stringify(next)) as FilePosition | null;
  }

  #read(name: string | null): FilesProgress {
    return new Map(JSON.parse(this.#blobs.get(name ?? '') ?? '[]') as [string, never][]);
  }
}
