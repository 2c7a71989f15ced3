import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, sep } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { importedFiles, referencedFiles } from '../../config/file/referenced-files.ts';
import { shownPath, type RemoteConfig } from '../../config/file/remote-files.ts';
import { codeOf, messageOf } from '../../domain/errors.ts';
import type { ObjectFiles } from '../../domain/storage/object-files.ts';

/** Copies a configuration and what it names from a bucket. */
export class ConfigCopy {
  readonly #remote: RemoteConfig;
  readonly #objects: ObjectFiles;
  /** Of the objects that were copied, by path of the copy; null = there was none. */
  readonly #etags = new Map<string, string | null>();

  constructor(remote: RemoteConfig, objects: ObjectFiles) {
    this.#remote = remote;
    this.#objects = objects;
  }

  /**
   * Copies what has changed, `daybook.yaml` last: it finds the new files that it names.
   * @returns whether anything has changed
   * @throws SourceUnavailable, SourceRefused; the copies then stay as they are
   */
  async refresh(): Promise<boolean> {
    const { file } = this.#remote;
    try {
      const etag = await this.#etagOf(file);
      const isChanged = this.#isStale(file, etag);
      const text = etag === null ? null : isChanged ? await this.#read(file) : readFileSync(file);
      const others = text === null ? false : await this.#refreshNamed(text.toString());
      if (isChanged) this.#write(file, text, etag);
      this.#remote.problem = text === null ? `${this.#remote.url} does not exist` : null;
      return isChanged || others;
    } catch (error) {
      this.#remote.problem = messageOf(error).replace(/^file: /, '');
      throw error;
    }
  }

  async #refreshNamed(text: string): Promise<boolean> {
    let isChanged = false;
    const seen = new Set<string>();
    // Each is the names that one file may have.
    let left: readonly (readonly string[])[] = referencedFiles(text, this.#remote.file).map((path) => [path]);
    for (let [names] = left; names !== undefined; [names] = left) {
      left = left.slice(1);
      for (const path of names) {
        if (seen.has(path) || !path.startsWith(this.#remote.folder + sep)) continue;
        seen.add(path);
        isChanged = (await this.#refreshOne(path)) || isChanged;
        if (this.#etags.get(path) === null) continue;
        left = [...left, ...importedFiles(readFileSync(path, 'utf8'), path)];
        break;
      }
    }
    return isChanged;
  }

  async #refreshOne(path: string): Promise<boolean> {
    const etag = await this.#etagOf(path);
    if (!this.#isStale(path, etag)) return false;
    this.#write(path, etag === null ? null : await this.#read(path), etag);
    return etag !== null;
  }

  /** Whether the copy is not what the object is. A cleaner of temporary folders may have removed it. */
  #isStale(path: string, etag: string | null): boolean {
    return etag !== this.#etags.get(path) || (etag !== null && !existsSync(path));
  }

  async #etagOf(path: string): Promise<string | null> {
    try {
      return (await this.#objects.stamp(shownPath(path))).etag;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
  }

  async #read(path: string): Promise<Buffer> {
    return buffer(this.#objects.stream(shownPath(path), 0, null));
  }

  #write(path: string, content: Buffer | null, etag: string | null): void {
    if (content === null) rmSync(path, { force: true });
    else {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(`${path}.new`, content, { mode: 0o600 });
      renameSync(`${path}.new`, path);
    }
    this.#etags.set(path, etag);
  }
}
