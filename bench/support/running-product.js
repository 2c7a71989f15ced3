// A product that runs as a user runs it: `daybook up` in a folder of its own. It is reached from outside only, so that an older
// revision can be measured the same way.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { freePort } from './free-port.js';
import { partsOf, processorMs } from './processor-time.js';

/** What `up` prints once everything runs. */
const ready = 'Ctrl-C stops everything';

export class RunningProduct {
  #up;
  #connection;
  #folder;
  #environment;
  #root;
  #output = '';
  /** @type {Client} */
  client;
  /** Address of the worker's own endpoint. */
  http;
  /** Seconds from the start of `up` until it said that it is ready. */
  upSeconds;
  temporalAddress;

  /**
   * Starts a product and waits until it is ready.
   * @param root the checkout; it must be built
   * @param config the text of daybook.yaml
   */
  static async start(root, config, environment = {}) {
    const product = new RunningProduct();
    product.#root = root;
    product.#folder = mkdtempSync(join(tmpdir(), 'daybook-bench-'));
    // PostgreSQL may run as another user, who has to reach it.
    chmodSync(product.#folder, 0o755);
    writeFileSync(join(product.#folder, 'daybook.yaml'), config);
    try {
      await product.#start(environment);
    } catch (error) {
      await product.stop();
      throw error;
    }
    return product;
  }

  async #start(environment) {
    const port = await freePort();
    this.http = `http://127.0.0.1:${port}`;
    this.#environment = {
      ...ownEnvironment(),
      DAYBOOK_HOME: join(this.#folder, 'home'),
      DAYBOOK_HTTP: `127.0.0.1:${port}`,
      LOG_LEVEL: 'warn',
      ...environment,
    };
    const startedAt = performance.now();
    this.#up = this.#spawn(process.execPath, [join(this.#root, 'daybook'), 'up'], ['ignore', 'pipe', 'pipe']);
    for (const stream of [this.#up.stdout, this.#up.stderr]) {
      stream.on('data', (chunk) => (this.#output = (this.#output + chunk).slice(-20_000)));
    }
    while (!this.#output.includes(ready)) {
      if (this.#up.exitCode !== null) throw new Error(`up ended:\n${this.#output}`);
      await sleep(20);
    }
    this.upSeconds = (performance.now() - startedAt) / 1000;
    const [temporal] = partsOf(this.pid).temporal;
    const [, temporalPort = '7233'] = / --port (\d+)/.exec(temporal?.command ?? '') ?? [];
    this.temporalAddress = `127.0.0.1:${temporalPort}`;
    this.#connection = await Connection.connect({ address: this.temporalAddress });
    this.client = new Client({ connection: this.#connection });
  }

  get pid() {
    return this.#up.pid;
  }

  get folder() {
    return this.#folder;
  }

  /** The last that `up` and its worker printed. */
  get output() {
    return this.#output;
  }

  processorMs() {
    return processorMs(this.pid);
  }

  /** Runs a command line of the product beside `up`; returns its exit code, output, seconds and processor seconds. */
  async command(args) {
    const startedAt = performance.now();
    // The shell says what its children used; Node does not.
    const script = '"$@"; code=$?; times >&3; exit $code';
    const line = ['-c', script, 'sh', process.execPath, join(this.#root, 'daybook'), ...args];
    const child = this.#spawn('/bin/sh', line, ['ignore', 'pipe', 'pipe', 'pipe']);
    const texts = ['', '', '', ''];
    for (const n of [1, 2, 3]) child.stdio[n].on('data', (chunk) => (texts[n] += chunk));
    const [code] = await once(child, 'close');
    const [, stdout, stderr, times] = texts;
    return {
      code,
      stdout,
      stderr,
      seconds: (performance.now() - startedAt) / 1000,
      cpuSeconds: childrenSeconds(times),
    };
  }

  async stop() {
    await this.#connection?.close();
    if (this.#up && this.#up.exitCode === null) {
      this.#up.kill('SIGINT');
      await once(this.#up, 'exit');
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #spawn(command, args, stdio) {
    return spawn(command, args, { cwd: this.#folder, env: this.#environment, stdio });
  }
}

/** The second line of `times` is what the children used: minutes and seconds of their own, and of the system for them. */
function childrenSeconds(times) {
  const [, line = ''] = times.split('\n');
  const parts = [...line.matchAll(/(\d+)m([\d.]+)s/g)];
  return parts.reduce((total, [, minutes, seconds]) => total + Number(minutes) * 60 + Number(seconds), 0);
}

/** Without settings that would make the product use other servers. */
function ownEnvironment() {
  const isForeign = (name) => /^(?:PG|TEMPORAL_|DAYBOOK_)/.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isForeign(name)));
}
