import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { messageOf } from '../../../src/domain/errors.ts';
import { Client as Postgres, type ClientConfig } from 'pg';
import { isAlive, CliSandbox, type RunningDaybook } from '../cli-sandbox.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';
import { startWebhook, type PostedAlert, type Webhook } from '../servers/webhook.ts';
import { Served } from './served.ts';
import { retriedCalls } from '../../../src/temporal/retried-calls.ts';

/** Processes of `up` that may be killed. */
export const parts = ['worker', 'temporal', 'postgres'] as const;
export type Part = (typeof parts)[number];

export const sources = ['api', 'file'] as const;

/** `daybook up` in its own folder, driven from outside as a user would, with sources that know what they handed out. */
export class Trial {
  readonly folder: string;
  readonly served: Served;
  readonly webhook: Webhook;
  readonly sandbox: CliSandbox;
  #running: RunningDaybook | null = null;
  #client: Client | null = null;
  #postgres: ClientConfig = {};

  private constructor(folder: string, served: Served, webhook: Webhook) {
    this.folder = folder;
    this.served = served;
    this.webhook = webhook;
    this.sandbox = new CliSandbox(folder, { DAYBOOK_ALERT_WEBHOOK: webhook.url });
  }

  static async start(): Promise<Trial> {
    const folder = temporaryFolder();
    const served = await Served.start(join(folder, 'lines.ndjson'));
    const trial = new Trial(folder, served, await startWebhook());
    trial.configure();
    trial.sandbox.claimPorts();
    await trial.up();
    return trial;
  }

  /** @param more lines of the source `api` */
  configure(more = ''): void {
    writeFileSync(
      this.path('daybook.yaml'),
      `version: 1
defaults: { schedule: { every: 2s, jitter: 0s }, retry: { max_attempts: 3, initial_interval: 200ms }, id: id, occurred_at: at }
sources:
  - { name: api, type: http_json, url: "${this.served.url}/api", allow_private: true, paginator: { type: page_number }${more} }
  - { name: file, type: file, path: lines.ndjson, allow_empty: true }
`,
    );
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** Starts the stack, and waits until it is ready. */
  async up(): Promise<void> {
    this.#running = this.sandbox.start(['up']);
    await this.#running.shows('Ctrl-C stops everything', 120_000);
    const { stdout } = await this.sandbox.run(['env']);
    const variable = (name: string) => new RegExp(`${name}='([^']+)'`).exec(stdout)?.[1];
    const address = variable('TEMPORAL_ADDRESS');
    this.#postgres = {
      host: variable('PG_HOST'),
      port: Number(variable('PG_PORT')),
      database: variable('PG_DB'),
      user: variable('PG_USER'),
      password: variable('PG_PASSWORD'),
    };
    await this.#client?.connection.close();
    this.#client = new Client({
      connection: await Connection.connect({
        ...(address === undefined ? {} : { address }),
        interceptors: retriedCalls,
      }),
    });
  }

  get client(): Client {
    if (!this.#client) throw new Error('the trial has not been started');
    return this.#client;
  }

  get running(): RunningDaybook {
    if (!this.#running) throw new Error('the trial has not been started');
    return this.#running;
  }

  /** The process of a part, once it runs. */
  async pidOf(part: Part): Promise<number> {
    return until(
      `${part} runs`,
      () => {
        const pid = this.running.parts()[part];
        return pid !== undefined && isAlive(pid) ? pid : null;
      },
      90_000,
    );
  }

  async signal(part: Part, name: NodeJS.Signals): Promise<void> {
    const pid = await this.pidOf(part);
    process.kill(pid, name);
    if (name === 'SIGKILL') await until(`${part} ${pid} is gone`, () => !isAlive(pid));
  }

  /** Runs a command; it must end well. */
  async command(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.sandbox.run(args);
    if (code !== 0)
      throw new Error(`daybook ${args.join(' ')}: found exit code ${code}, expected 0\n${stderr}${stdout}`);
    return stdout;
  }

  async sql<T extends object>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    const connection = await until('PostgreSQL takes connections', () => this.#connect(), 60_000);
    try {
      return (await connection.query<T>(text, [...values])).rows;
    } finally {
      await connection.end();
    }
  }

  /** Null while PostgreSQL starts. */
  async #connect(): Promise<Postgres | null> {
    const connection = new Postgres({ ...this.#postgres });
    try {
      await connection.connect();
      return connection;
    } catch (error) {
      await connection.end().catch(() => undefined);
      // cannot_connect_now: it starts, stops or recovers.
      if (/ECONNREFUSED/.test(messageOf(error)) || (error as { code?: string }).code === '57P03') return null;
      throw error;
    }
  }

  /** The last message about an alert. */
  lastAlert(source: string, name: string): PostedAlert | undefined {
    return this.webhook.posted.findLast((alert) => alert.source === source && alert.name === name);
  }

  async close(): Promise<void> {
    await this.#client?.connection.close();
    await this.#running?.killAll();
    await this.served.close();
    await this.webhook.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function jsonLines<T>(text: string): T[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]));
}
