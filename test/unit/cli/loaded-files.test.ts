import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** The compiled files as the bundle is made of them, each package apart. */
const compiled = join(root, 'dist', 'cli', 'main.js');
const launcher = join(root, 'daybook');

const folder = mkdtempSync(join(tmpdir(), 'loaded-files-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(
  join(folder, 'daybook.yaml'),
  `version: 1
sources:
  - { name: api, type: http_json, url: "https://example.com/", records: items, id: id, occurred_at: time }
  - { name: feed, type: rss, url: "https://example.com/feed" }
  - { name: lines, type: file, path: lines.csv, id: id, occurred_at: time }
`,
);
writeFileSync(join(folder, 'lines.csv'), 'id,time\n');

/** Loaded before a program: prints what it loads, whichever way, as a line to stderr each. */
const watcher = `
import Module, { register } from 'node:module';
const hooks = "import { writeSync } from 'node:fs';" +
  "export async function load(url, context, next) { writeSync(2, '\\\\nloads ' + url + '\\\\n'); return next(url, context); }";
register('data:text/javascript,' + encodeURIComponent(hooks));
process.on('exit', () => process._rawDebug(Object.keys(Module._cache).map((file) => 'loads file://' + file).join('\\n')));
`;

/**
 * Files that a command loads, from the root of the project on.
 * @param exitCode how it ends
 */
async function loadedBy(
  program: string,
  args: readonly string[],
  variables = {},
  exitCode = 0,
): Promise<readonly string[]> {
  const watching = ['--import', `data:text/javascript,${encodeURIComponent(watcher)}`];
  const stderr = await new Promise<string>((resolve, reject) => {
    execFile(
      process.execPath,
      [...watching, program, ...args],
      { cwd: folder, env: { PATH: process.env['PATH'], HOME: folder, ...variables } },
      (error, _, output) => ((error?.code ?? 0) === exitCode ? resolve(output) : reject(new Error(output))),
    );
  });
  const files = [...stderr.matchAll(/^loads file:\/\/(.+)$/gm)].map(([, file = '']) => file);
  return files.filter((file) => file.startsWith(root)).map((file) => file.slice(root.length));
}

async function packagesOf(args: readonly string[], variables = {}): Promise<readonly string[]> {
  const files = await loadedBy(compiled, args, variables);
  const names = files.flatMap((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
  return [...new Set(names)].sort();
}

/** What reading the environment loads. */
const forSettings = ['@temporalio/common', '@temporalio/envconfig', 'smol-toml', 'yaml'];

describe('a command loads only the packages that it needs', () => {
  test('--help: those of the command line', async () => {
    expect(await packagesOf(['--help'])).toEqual(['commander', 'json-custom-numbers']);
  });

  test('dead-letters list: no schema of the configuration, no server', async () => {
    expect(await packagesOf(['dead-letters', 'list'])).toEqual(
      [...forSettings, 'commander', 'fastest-levenshtein', 'json-custom-numbers'].sort(),
    );
  });

  test('env: no client of a server', async () => {
    const servers = { PG_HOST: 'localhost', PG_USER: 'u', PG_PASSWORD: 'p', TEMPORAL_ADDRESS: 'localhost:7233' };
    expect(await packagesOf(['env'], servers)).toEqual([...forSettings, 'commander', 'json-custom-numbers'].sort());
  });

  test('check: what its sources need, neither Ajv nor an HTML parser nor RE2', async () => {
    const packages = await packagesOf(['check']);
    expect(packages).toEqual(expect.arrayContaining(['zod', 'yaml', '@jmespath-community/jmespath']));
    const unwanted =
      /^(?:@temporalio\/client|@temporalio\/proto|@grpc|pg$|ajv|cheerio|re2js|iconv-lite|tinyglobby|undici)/;
    expect(packages.filter((name) => unwanted.test(name))).toEqual([]);
  });
});

describe('the bundle of the launcher', () => {
  test.each([['--help'], ['check'], ['dead-letters list']])('has all that %s loads', async (command) => {
    const files = await loadedBy(launcher, command.split(' '));
    expect(files).toContain('dist/bundle/main.js');
    expect(files.filter((file) => !/^(?:daybook$|scripts\/|dist\/bundle\/)/.test(file))).toEqual([]);
  });

  test('is not what a worker runs: it has one of its own, without the SDK', async () => {
    // It names the servers that it misses.
    const files = await loadedBy(launcher, ['worker'], {}, 2);
    expect(files).toContain('dist/service/main.js');
    expect(files.filter((file) => /^dist\/(?!service\/)/.test(file))).toEqual([]);
    expect(files).toContain('node_modules/@temporalio/worker/lib/index.js');
    expect(files.filter((file) => /^node_modules\/(?:pg|undici|zod|prom-client)\//.test(file))).toEqual([]);
  });
});
