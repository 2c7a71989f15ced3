// A Python environment of the bench's own, with psycopg2: what the scripts it is compared with use.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const folder = fileURLToPath(new URL('.venv', import.meta.url));
const python = `${folder}/bin/python`;
const run = promisify(execFile);

/** Makes the environment the first time. */
export function preparePython(say) {
  if (existsSync(`${folder}/ready`)) return;
  say('making a Python environment with psycopg2 (once) …');
  execFileSync('python3', ['-m', 'venv', '--clear', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'psycopg2-binary'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  execFileSync('touch', [`${folder}/ready`]);
}

/** Runs one of the scripts beside this file; returns the JSON that it prints. */
export async function runPython(script, args) {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const { stdout } = await run(python, [file, ...args], { maxBuffer: 1e8 });
  return JSON.parse(stdout);
}
