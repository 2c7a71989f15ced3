import type { Dirent, readdir as readdirCallback } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { callbackify } from 'node:util';
import { SourceRefused } from '../../../domain/errors.ts';
import { fileError } from '../file-error.ts';

/** How often folders are read that were read already by another path: links that lead to each other make paths without end. */
const maxRepeats = 1_000;

interface WalkSettings {
  /** The source's name, for messages. */
  readonly subject: string;
  /** Where the walk begins, as it is written. */
  readonly folder: string;
  /** Whether links may lead out of the folder. */
  readonly follow: boolean;
}

/**
 * How the files of a folder are walked where symbolic links are among them. Those that stay in the folder are followed, except for
 * cycles. One that leaves it is an error, unless `follow` is set: anyone who may create a link there could have any file read.
 */
export class LinkWalk {
  /** Folders that could not be read, and links that may not be followed. */
  readonly errors: unknown[] = [];
  readonly #settings: WalkSettings;
  readonly #root: string;
  /** Links to files, by path. */
  readonly #links = new Set<string>();
  /** Where the folders read so far are, link or not. */
  readonly #seen = new Set<string>();
  /** Of each folder read, where it and the folders on the way to it are. */
  readonly #ways = new Map<string, ReadonlySet<string>>();
  #repeats = 0;

  private constructor(settings: WalkSettings, root: string) {
    this.#settings = settings;
    this.#root = root;
  }

  static async open(settings: WalkSettings): Promise<LinkWalk> {
    // A folder that is not there has no files.
    const root = await realpath(settings.folder).catch(() => resolve(settings.folder));
    return new LinkWalk(settings, root);
  }

  /** Lists a folder for the library that walks, which does not know links: it skips what it cannot read. */
  readonly readdir = callbackify(async (path: string, _options: unknown): Promise<Dirent[]> => {
    try {
      return await this.#list(path);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== 'ENOENT' && code !== 'ENOTDIR') this.errors.push(fileError(this.#settings.subject, path, error));
      throw error;
    }
  }) as unknown as typeof readdirCallback;

  /**
   * Looks at a file that was found: a link may lead nowhere, or out of the folder, which is then an error.
   * @param path as the walk named it
   * @returns `read`, or what else is to be done with it
   */
  async judge(path: string): Promise<'read' | 'pass over' | 'leads nowhere'> {
    const absolute = resolve(this.#settings.folder, path);
    if (!this.#links.has(absolute)) return 'read';
    try {
      const real = await realpath(absolute);
      if (this.#mayRead(real)) return 'read';
      this.#refuse(absolute, real);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes((error as { code?: string }).code ?? '')) return 'leads nowhere';
      this.errors.push(fileError(this.#settings.subject, absolute, error));
    }
    return 'pass over';
  }

  async #list(path: string): Promise<Dirent[]> {
    const real = await realpath(path);
    const isLinked = real !== join(this.#root, relative(this.#settings.folder, path));
    if (isLinked && !this.#mayRead(real)) {
      this.#refuse(path, real);
      return [];
    }
    if (this.#seen.has(real) && ++this.#repeats > maxRepeats) {
      if (this.#repeats === maxRepeats + 1) this.errors.push(this.#tooMany(path));
      return [];
    }
    this.#seen.add(real);
    this.#ways.set(resolve(path), new Set([...(this.#ways.get(dirname(resolve(path))) ?? []), real]));
    const entries = await readdir(path, { withFileTypes: true });
    if (!entries.some((entry) => entry.isSymbolicLink())) return entries;
    const resolved = await Promise.all(
      entries.map(async (entry) => (entry.isSymbolicLink() ? this.#resolve(path, entry) : entry)),
    );
    return resolved.filter((entry) => entry !== null);
  }

  /** A link as the file or folder that it leads to; null if it leads back to a folder on the way to it. */
  async #resolve(folder: string, entry: Dirent): Promise<Dirent | null> {
    const path = join(folder, entry.name);
    const target = await stat(path).catch(() => null);
    if (!target?.isDirectory()) {
      this.#links.add(path);
      return as(entry, 'file');
    }
    return this.#ways.get(resolve(folder))?.has(await realpath(path)) === true ? null : as(entry, 'folder');
  }

  #mayRead(real: string): boolean {
    const within = this.#root.endsWith(sep) ? this.#root : this.#root + sep;
    return this.#settings.follow || real === this.#root || real.startsWith(within);
  }

  #refuse(path: string, real: string): void {
    const { subject, folder } = this.#settings;
    this.errors.push(
      new SourceRefused(
        `file: ${subject}: ${stripped(path)} is a symbolic link out of ${stripped(folder)}, or behind one, and leads to ${real}; set follow_symlinks: true to allow this`,
      ),
    );
  }

  #tooMany(path: string): SourceRefused {
    return new SourceRefused(
      `file: ${this.#settings.subject}: more than ${maxRepeats} paths lead to folders that were read already, the last one ${stripped(path)}; remove symbolic links that lead to each other, or use a narrower path`,
    );
  }
}

function as(entry: Dirent, kind: 'file' | 'folder'): Dirent {
  return Object.assign(Object.create(entry) as Dirent, {
    name: entry.name,
    isFile: () => kind === 'file',
    isDirectory: () => kind === 'folder',
    isSymbolicLink: () => false,
  });
}

function stripped(path: string): string {
  return path.length > 1 && /[\\/]$/.test(path) ? path.slice(0, -1) : path;
}
