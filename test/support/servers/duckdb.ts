import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { buildEnvironment } from '../../../src/config/environment/child-environment.ts';
import { readEnvironment } from '../../../src/config/environment/environment.ts';

/** The extension is built for exactly this version. */
const version = '1.5.5';
const installMs = 300_000;

/** Runs SQL and returns the rows of its last statement; the extension `httpfs` is loaded. */
export type RunSql = (sql: string) => unknown[][];

const program = `
import duckdb, json, sys
connection = duckdb.connect(config={'autoinstall_known_extensions': 'false', 'autoload_known_extensions': 'false'})
connection.execute("load '" + sys.argv[1] + "'")
rows = connection.execute(sys.stdin.read()).fetchall()
json.dump(rows, sys.stdout, default=str)
`;

/** DuckDB with `httpfs`, installed once with pip into the user's cache; null where that is not possible. */
export function findDuckdb(): RunSql | null {
  const folder = installed();
  if (folder === null) return null;
  const extension = join(folder, 'duckdb_extension_httpfs', 'extensions', `v${version}`, 'httpfs.duckdb_extension');
  const { variables } = readEnvironment({});
  return (sql) => {
    const env = { ...buildEnvironment(variables), PYTHONPATH: folder };
    const answer = execFileSync('python3', ['-c', program, extension], { input: sql, env, encoding: 'utf8' });
    return JSON.parse(answer) as unknown[][];
  };
}

function installed(): string | null {
  const { cacheFolder, variables } = readEnvironment({});
  const folder = join(cacheFolder, `duckdb-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cacheFolder, { recursive: true });
  const unfinished = mkdtempSync(join(cacheFolder, 'unfinished-duckdb-'));
  try {
    const packages = [`duckdb==${version}`, `duckdb-extension-httpfs==${version}`];
    execFileSync('python3', ['-m', 'pip', 'install', '--quiet', '--target', unfinished, ...packages], {
      env: buildEnvironment(variables),
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: installMs,
    });
    // Another run may have been first.
    if (!existsSync(folder) && readdirSync(unfinished).length > 0) renameSync(unfinished, folder);
    return folder;
  } catch (error) {
    process.stderr.write(`tests: DuckDB cannot be installed with pip, its test is skipped: ${String(error)}\n`);
    return null;
  }
}
