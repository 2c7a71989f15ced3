import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Problem } from './problem.ts';
import type { SourceConfig } from '../schema/source-schemas.ts';

/** Modules that are not there. What they hold is looked at when they run. */
export function missingModules(configFile: string, sources: readonly (SourceConfig | null)[]): Problem[] {
  return sources.flatMap((source, index) => {
    if (source?.type !== 'module' || existsSync(resolve(dirname(configFile), source.module))) return [];
    const message = `no file ${source.module} beside the configuration, expected a module`;
    return [{ path: ['sources', index, 'module'], message }];
  });
}
