import { stat } from 'node:fs/promises';
import { createJiti } from 'jiti';
import { messageOf, SourceRefused } from '../../domain/errors.ts';
import type { SourceModule } from './module-api.ts';

interface LoadedModule {
  readonly version: string;
  readonly run: SourceModule;
}

/** Loads modules, TypeScript too, and reloads one when its file has changed. */
export class ModuleLoader {
  readonly #loaded = new Map<string, LoadedModule>();

  /**
   * @param path absolute path
   * @throws SourceRefused if there is no such module, it is broken or exports no function
   */
  async load(subject: string, path: string): Promise<SourceModule> {
    const version = await versionOf(subject, path);
    const known = this.#loaded.get(path);
    if (known?.version === version) return known.run;
    const run = await importModule(subject, path);
    this.#loaded.set(path, { version, run });
    return run;
  }
}

async function versionOf(subject: string, path: string): Promise<string> {
  try {
    const { mtimeMs, size } = await stat(path);
    return `${mtimeMs} ${size}`;
  } catch (error) {
    throw new SourceRefused(`module: ${subject}: ${path} could not be read, expected a module (${messageOf(error)})`);
  }
}

async function importModule(subject: string, path: string): Promise<SourceModule> {
  // Neither cache knows of changes to what the module imports.
  const jiti = createJiti(import.meta.url, { moduleCache: false, fsCache: false, interopDefault: false });
  let exported: unknown;
  try {
    exported = (await jiti.import<{ default?: unknown }>(path)).default;
  } catch (error) {
    throw new SourceRefused(`module: ${subject}: ${path} could not be loaded: ${messageOf(error)}`, { cause: error });
  }
  if (typeof exported === 'function') return exported as SourceModule;
  throw new SourceRefused(
    `module: ${subject}: ${path} exports ${exported === undefined ? 'nothing' : typeof exported} as default, expected an async generator function of pages`,
  );
}
