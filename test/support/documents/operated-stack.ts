import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Status } from '../../../src/status/status.ts';
import { CliSandbox, type RunningDaybook } from '../cli-sandbox.ts';
import { startOrigin, type Origin } from '../servers/origin.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';

/** What the source serves: two names and two times each. */
interface Served {
  readonly id: string;
  readonly code: string;
  readonly at: string;
  readonly seen: string;
}

/** A stack with one source, which an operator works on by the commands that docs/operations.md shows. */
export class OperatedStack {
  readonly folder = temporaryFolder();
  readonly sandbox = new CliSandbox(this.folder);
  readonly origin: Origin;
  records: Served[] = [];
  /** What the source asks for. */
  token = 'first-token';
  /** Whether it lets requests wait. */
  isHeld = false;
  #running: RunningDaybook | null = null;

  private constructor(origin: Origin) {
    this.origin = origin;
    origin.answer(async (url, response, request) => {
      await until('it is resumed', () => !this.isHeld, 60_000);
      if (request.headers.authorization !== `Bearer ${this.token}`) response.statusCode = 401;
      const [since, to] = [url.searchParams.get('since') ?? '', url.searchParams.get('until') ?? '9'];
      response.end(JSON.stringify(this.records.filter(({ at }) => at >= since && at <= to)));
    });
  }

  /** Starts one that has run twice, for the first records and for the later ones; each is an id and an hour. */
  static async start(first: readonly [string, string][], later: readonly [string, string][]): Promise<OperatedStack> {
    const stack = new OperatedStack(await startOrigin());
    stack.configure('id', 'at');
    stack.secret(stack.token);
    for (const record of first) stack.serve(...record);
    await stack.up();
    await until('the first run has ended', () => stack.running.output.includes(`new ${first.length}`), 60_000);
    for (const record of later) stack.serve(...record);
    await stack.run();
    return stack;
  }

  get running(): RunningDaybook {
    if (!this.#running) throw new Error('the stack has not been started');
    return this.#running;
  }

  async up(...further: string[]): Promise<void> {
    this.#running = this.sandbox.start(['up', ...further]);
    await this.running.shows('Ctrl-C stops everything', 120_000);
  }

  serve(id: string, hour: string): void {
    const [at, seen] = [`2026-11-02T${hour}:00:00Z`, `2026-11-05T${hour}:00:00Z`];
    this.records.push({ id, code: `code-${id}`, at, seen });
  }

  configure(id: string, time: string): void {
    writeFileSync(
      join(this.folder, 'daybook.yaml'),
      `version: 1
sources:
  - { name: quakes, type: http_json, url: "${this.origin.url}/quakes", id: ${id}, occurred_at: ${time}, allow_private: true,
      auth: { type: bearer, token: "\${env:TOKEN}" }, schedule: { every: 24h },
      incremental: { cursor: at, start_param: since, end_param: until } }
`,
    );
  }

  secret(value: string): void {
    writeFileSync(join(this.folder, '.env'), `TOKEN=${value}\n`);
  }

  /** Does what a document shows, all of which must succeed; `temporal` is the stack's. */
  async shell(script: string): Promise<string> {
    const asked = script.replaceAll(/daybook forget .*/g, '$& --yes');
    const { code, stdout, stderr } = await this.sandbox.shell(
      script.includes('temporal ') ? `eval "$(./daybook env)"\n${asked}` : asked,
    );
    if (code !== 0) throw new Error(`exit code ${code} of\n${script}\n${stdout}\n${stderr}`);
    return stdout;
  }

  /** A command that no document is tried by, which must succeed. */
  async daybook(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.sandbox.run(args);
    if (code !== 0) throw new Error(`exit code ${code} of ${args.join(' ')}\n${stdout}\n${stderr}`);
    return stdout;
  }

  run(): Promise<string> {
    return this.daybook('run', 'quakes');
  }

  sql(text: string): Promise<string> {
    return this.daybook('sql', '--json', text);
  }

  async status(): Promise<Status> {
    return JSON.parse(await this.daybook('status', '--json')) as Status;
  }

  /** Id, day and hour of each row. */
  async stored(time = 'occurred_at'): Promise<string[]> {
    const text = `select source_id as id, to_char(${time}, 'DD HH24') as at from raw_events where source = 'quakes' order by 1`;
    return (await this.sql(text))
      .trim()
      .split('\n')
      .map((line) => Object.values(JSON.parse(line) as Record<string, string>).join(' '));
  }

  async close(): Promise<void> {
    this.isHeld = false;
    await this.#running?.killAll();
    await this.origin.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
