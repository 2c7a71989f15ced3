import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export const temporalExecutable = process.platform === 'win32' ? 'temporal.exe' : 'temporal';

/** What of the environment the search depends on. */
export interface Surroundings {
  /** The user's cache folder for Daybook. */
  readonly cacheFolder: string;
  /** The environment that children get. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** The place below the cache folder for the Temporal CLI obtained in each way. */
export const temporalFolders = {
  /** Temporal's SDK names the file after itself. */
  sdk: 'temporal-1.5.1',
  go: 'temporal-1.5.1',
  wheel: 'temporal-1.9.1',
  /** Copies of programs on the PATH that made the database of a home, by the version of their server. */
  kept: (serverVersion: string) => `temporal-server-${serverVersion}`,
} as const;

/** The Temporal CLI if it is at hand: on the PATH, or in the cache. */
export function presentTemporal(surroundings: Surroundings): string | null {
  return presentPrograms(surroundings)[0] ?? null;
}

/** All Temporal CLIs that are at hand, the preferred one first. */
export function presentPrograms({ cacheFolder, variables }: Surroundings): string[] {
  const onPath = (variables['PATH'] ?? '').split(delimiter).map((entry) => join(entry, temporalExecutable));
  const kept = namesIn(cacheFolder).filter((name) => name.startsWith(temporalFolders.kept('')));
  const folders = [temporalFolders.go, temporalFolders.wheel, ...kept].map((name) => join(cacheFolder, name));
  const cached = folders.flatMap((folder) =>
    namesIn(folder)
      .filter((name) => name === temporalExecutable || /^temporal-(?!.*\.downloading$)/.test(name))
      .sort((a, b) => Number(b === temporalExecutable) - Number(a === temporalExecutable))
      .map((name) => join(folder, name)),
  );
  return [...onPath, ...cached].filter(isRunnable);
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

function isRunnable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
