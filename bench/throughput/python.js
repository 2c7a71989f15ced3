// Python environments of the bench's own: one for each package that the scripts use, because their requirements contradict each other.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const folder = fileURLToPath(new URL('../.venv', import.meta.url));
const run = promisify(execFile);
const missing = new Map();

/** Whether a package can be had; it is installed the first time. Says why not. */
export function isAvailable(requirement, say) {
  if (!missing.has(requirement)) {
    const why = whyNot(requirement, say);
    missing.set(requirement, why);
    if (why !== null) say(`${requirement} is left out: ${why}`);
  }
  return missing.get(requirement) === null;
}

function whyNot(requirement, say) {
  const place = placeOf(requirement);
  const ready = join(place, 'ready');
  if (existsSync(ready)) return null;
  say(`making a Python environment with ${requirement} (once) …`);
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', requirement];
  try {
    execFileSync('python3', ['-m', 'venv', '--clear', place], { stdio: 'pipe' });
    execFileSync(pythonOf(requirement), install, { stdio: 'pipe' });
  } catch (error) {
    return (
      String(error.stderr ?? error.message)
        .trim()
        .split('\n')
        .at(-1) || error.message
    );
  }
  writeFileSync(ready, '');
  return null;
}

/** Runs one of the scripts beside this file; returns the JSON that it prints last. */
export async function runPython(requirement, script, args) {
  const file = fileURLToPath(new URL(`scripts/${script}`, import.meta.url));
  const { stdout } = await run(pythonOf(requirement), [file, ...args], { maxBuffer: 1e8 });
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

function pythonOf(requirement) {
  return join(placeOf(requirement), 'bin', 'python');
}

function placeOf(requirement) {
  return join(folder, requirement.replaceAll(/\W+/g, '-'));
}
