import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '../home/home.ts';
import { describeProgram, makerOf, type ServerProgram } from './server-version.ts';
import {
  presentPrograms,
  presentTemporal,
  temporalExecutable,
  temporalFolders,
  type Surroundings,
} from './temporal-binary.ts';

/** The Temporal CLI for a home if it is at hand. */
export function presentServer(home: Pick<Home, 'path'>, surroundings: Surroundings): ServerProgram | null {
  const maker = makerOf(home);
  const programs = presentPrograms(surroundings);
  if (maker === null) return programs[0] === undefined ? null : describeProgram(programs[0]);
  const kept = keptFile(surroundings, maker);
  if (existsSync(kept)) return { file: kept, version: maker };
  // Each has to be started to read its version: only as many as necessary.
  for (const file of programs) {
    const program = describeProgram(file);
    if (program.version === maker) return program;
  }
  return null;
}

/** The file of the same, without starting it: its version is read only where another one made the home's database. */
export function presentFile(home: Pick<Home, 'path'>, surroundings: Surroundings): string | null {
  if (makerOf(home) === null) return presentTemporal(surroundings);
  return presentServer(home, surroundings)?.file ?? null;
}

/** Where the copy of a server of this version is kept. */
export function keptFile({ cacheFolder }: Surroundings, version: string): string {
  return join(cacheFolder, temporalFolders.kept(version), temporalExecutable);
}
