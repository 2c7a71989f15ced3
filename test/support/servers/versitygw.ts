import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildEnvironment } from '../../../src/config/environment/child-environment.ts';
import { readEnvironment } from '../../../src/config/environment/environment.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';
import { freePort } from './free-port.ts';

/** An S3 server of a test, with one bucket. */
export interface S3Server {
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The first keeps conditions, the second ignores them and answers 200. */
export const versitygwVersions = { keeping: 'v1.8.0', ignoring: 'v1.0.14' } as const;

const keys = { accessKeyId: 'daybook-tests', secretAccessKey: 'secret-of-daybook-tests' };
const bucket = 'daybook';
/** A first build takes minutes on two cores; a proxy that hangs must not hold the tests for ever. */
const buildMs = 600_000;

/**
 * Starts a Versity gateway before a folder of its own.
 * @returns null where it can neither be found in the cache nor be built
 */
export async function startVersitygw(
  version: string,
): Promise<{ readonly value: S3Server; readonly stop: () => Promise<void> } | null> {
  const program = programOf(version);
  if (program === null) return null;
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'root', bucket), { recursive: true });
  mkdirSync(join(folder, 'metadata'));
  const port = await freePort();
  const child = spawn(
    program,
    [
      '--port',
      `127.0.0.1:${port}`,
      '--quiet',
      ...(version === versitygwVersions.keeping ? ['--keep-alive'] : []),
      'posix',
      '--sidecar',
      join(folder, 'metadata'),
      join(folder, 'root'),
    ],
    {
      stdio: 'ignore',
      env: { PATH: process.env['PATH'], ROOT_ACCESS_KEY: keys.accessKeyId, ROOT_SECRET_KEY: keys.secretAccessKey },
    },
  );
  const endpoint = `http://127.0.0.1:${port}`;
  await until('the S3 server answers', () => fetch(endpoint).catch(() => null));
  return {
    value: { endpoint, bucket, ...keys },
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The program in the user's cache, where it is built with Go if it is not there; null if that is not possible. */
function programOf(version: string): string | null {
  const { cacheFolder, variables } = readEnvironment({});
  const program = join(cacheFolder, `versitygw-${version}`, 'versitygw');
  if (existsSync(program)) return program;
  mkdirSync(cacheFolder, { recursive: true });
  const building = mkdtempSync(join(cacheFolder, 'unfinished-versitygw-'));
  try {
    process.stderr.write(`tests: building versitygw ${version} with Go, once …\n`);
    execFileSync('go', ['install', `github.com/versity/versitygw/cmd/versitygw@${version}`], {
      env: { ...buildEnvironment(variables), GOBIN: building },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: buildMs,
    });
    mkdirSync(join(program, '..'), { recursive: true });
    renameSync(join(building, 'versitygw'), program);
    return program;
  } catch (error) {
    process.stderr.write(
      `tests: versitygw ${version} cannot be built, the tests of S3 are skipped: ${String(error)}\n`,
    );
    return null;
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}
