// Installs packages and builds dist/ where that is missing or stale. Plain Node: it runs before anything is installed.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from './build-inputs.js';
import { isBuilt, isInstalled } from './freshness.js';
import { rememberLook, startLook } from './last-look.js';

const lock = join(root, '.setup-lock');

/** @param {{ development: boolean }} options */
export async function makeReady({ development }) {
  if (isReady(development)) return;
  await takeLock();
  try {
    if (!isReady(development)) await install(development);
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function isReady(development) {
  const look = startLook();
  if (!isInstalled({ development }) || !isBuilt()) return false;
  rememberLook(look, { development });
  return true;
}

async function install(development) {
  if (!isInstalled({ development: development || !isBuilt() })) {
    // What scripts would do is done at start; without them the same happens under every npm.
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    await step('installing packages (once, a minute or two)', npm, [
      'ci',
      '--ignore-scripts',
      // What builds is a development package, also where NODE_ENV is production.
      '--include=dev',
      '--no-audit',
      '--no-fund',
    ]);
  }
  if (!isBuilt()) await step('building', process.execPath, [join(root, 'scripts', 'build.js')]);
}

/** Runs a program, reports every ten seconds that it is still running, and shows its output if it fails. */
async function step(what, command, args) {
  const startedAt = Date.now();
  const report = () => say(`${what} … ${Math.round((Date.now() - startedAt) / 1000)} s`);
  say(`${what} …`);
  const timer = setInterval(report, 10_000);
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], shell: command.endsWith('.cmd') });
  let output = '';
  const keep = (chunk) => (output = (output + chunk.toString()).slice(-4_000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const code = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', resolve);
  });
  clearInterval(timer);
  if (code === 0) return;
  say(`${what} failed (${code}):\n${output.trim()}\n${advice(output)}`);
  process.exit(1);
}

function advice(output) {
  if (/ENOSPC|no space left/i.test(output)) return 'The disk is full: free some space and start again.';
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|network/i.test(output)) {
    return 'The package registry is unreachable: check the network or the proxy settings of npm, and start again.';
  }
  if (/EACCES|EPERM/.test(output))
    return `This user may not write to ${root}: change its owner, or use a clone of your own.`;
  return 'Fix the problem shown above and start again.';
}

/** Waits for another process that prepares the same folder; takes over from one that died. */
async function takeLock() {
  for (let isAnnounced = false; ; isAnnounced = true) {
    try {
      mkdirSync(lock);
      writeFileSync(join(lock, 'pid'), String(process.pid));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') {
        say(`${root} cannot be written to (${error.code}): change its owner, or use a clone of your own.`);
        process.exit(1);
      }
    }
    if (isAbandoned()) rmSync(lock, { recursive: true, force: true });
    else if (!isAnnounced) say('waiting for another start that is installing or building …');
    await sleep(200);
  }
}

function isAbandoned() {
  try {
    const pid = Number(readFileSync(join(lock, 'pid'), 'utf8'));
    if (pid === 0) return Date.now() - statSync(lock).mtimeMs > 5_000;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    if (error.code === 'ESRCH') return true;
    // Not written yet, or removed meanwhile: old enough means left behind.
    return error.code === 'ENOENT' && ageOfLock() > 5_000;
  }
}

function ageOfLock() {
  try {
    return Date.now() - statSync(lock).mtimeMs;
  } catch {
    return 0;
  }
}

function say(message) {
  process.stderr.write(`daybook: ${message}\n`);
}
