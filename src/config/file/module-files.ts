import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Problem } from './problem.ts';
import type { SourceConfig } from '../schema/source-schemas.ts';

/** Modules that are not there. What they hold is looked at when they run. */
export function missingModules(configFile: string, sources: readonly (SourceConfig | null)[]): Problem[] {
  return sources.flatMap((source, index) => {
    if (source?.type !== 'module' || existsSync(resolve(dirname(configFile), source.module))) return [];
    const message = `the file ${source.module} does not exist; the path is relative to the configuration`;
    return [{ path: ['sources', index, 'module'], message }];
  });
}
