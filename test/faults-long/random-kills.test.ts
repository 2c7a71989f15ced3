import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { BackfillTally } from '../../src/workflows/backfill/backfill-input.ts';
import { csvRowsBelow } from '../support/csv-rows.ts';
import { isAlive, CliSandbox, type RunningDaybook } from '../support/cli-sandbox.ts';
import { startOrigin, type Origin } from '../support/servers/origin.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** Kills; 20 by hand. */
const rounds = Number(process.env['DAYBOOK_TRIAL_ROUNDS'] ?? 3);
const seed = Number(process.env['DAYBOOK_TRIAL_SEED'] ?? Date.now() % 1_000_000);
const days = 30;
const perDay = 40;
/** New items at each poll, and how many polls an item is shown. */
const perPoll = 20;
const shownFor = 50;

const random = seededRandom(seed);
const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
/** Windows that may be answered by now: the backfill must not be over before the last kill. */
const answered = { upTo: days / (rounds + 1), asked: new Set<string>() };
/** Ids that an answer held which went out whole. */
const served = { live: new Set<string>(), history: new Set<string>() };

let origin: Origin;
let folder: string;
let sandbox: CliSandbox;
let running: RunningDaybook;
let connection: Connection;
let client: Client;

beforeAll(async () => {
  let polls = 0;
  let isOver = false;
  origin = await startOrigin(async (url, response) => {
    await sleep(50);
    const at = new Date().toISOString();
    if (url.pathname === '/over') {
      isOver = true;
      return void response.end();
    }
    const from = url.searchParams.get('since')?.slice(0, 10) ?? '';
    if (url.pathname === '/history') {
      answered.asked.add(from);
      while ([...answered.asked].indexOf(from) >= answered.upTo) await sleep(20);
    }
    if (url.pathname === '/live' && !isOver) polls++;
    const newest = polls;
    const ids =
      url.pathname === '/live'
        ? Array.from({ length: Math.min(newest, shownFor) * perPoll }, (_, n) => `live-${newest * perPoll - n}`)
        : Array.from({ length: perDay }, (_, n) => `${from}-${n}`);
    const items = ids.map((id) => ({
      id,
      at: url.pathname === '/live' ? at : `${from}T0${ids.indexOf(id) % 10}:00:00Z`,
    }));
    response.end(JSON.stringify(items), () => {
      for (const id of ids) served[url.pathname === '/live' ? 'live' : 'history'].add(id);
    });
  });
  folder = temporaryFolder();
  const source = 'type: http_json, allow_private: true, id: id, occurred_at: at';
  writeFileSync(
    join(folder, 'daybook.yaml'),
    `version: 1
sources:
  - { name: live, url: "${origin.url}/live", ${source}, schedule: { every: 1s } }
  - { name: history, url: "${origin.url}/history", ${source},
      incremental: { cursor: at, start_param: since, end_param: until } }
`,
  );
  sandbox = new CliSandbox(folder);
  sandbox.claimPorts();
  running = sandbox.start(['up']);
  await running.shows('Ctrl-C stops everything');
  const { stdout } = await sandbox.run(['env']);
  const address = /TEMPORAL_ADDRESS='([^']+)'/.exec(stdout)?.[1];
  connection = await Connection.connect(address === undefined ? {} : { address });
  client = new Client({ connection });
}, 120_000);

afterAll(async () => {
  await connection?.close();
  await running?.killAll();
  await origin.close();
  rmSync(folder, { recursive: true, force: true });
});

const killed = new Set<number>();

/** The process of a part that has not been killed yet. */
function alive(part: string): number | null {
  const pid = running.parts()[part];
  return pid === undefined || killed.has(pid) || !isAlive(pid) ? null : pid;
}

async function statuses(): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for await (const { workflowId, status } of client.workflow.list()) (found[status.name] ??= []).push(workflowId);
  return found;
}

test(
  `${rounds} kills of a part at random (seed ${seed}) during a live source, a backfill of ${days} days and rollovers lose nothing and store nothing twice`,
  async () => {
    const range = ['--from', '2026-10-01', '--to', '2026-10-31'];
    const started = await sandbox.run(['backfill', 'history', ...range, '--detach']);
    expect(started).toMatchObject({ code: 0, stderr: expect.stringContaining('30 windows') });
    for (let round = 0; round < rounds; round++) {
      const part = pick(['worker', 'temporal', 'postgres'] as const);
      // A client that finds no server tries again at the next kill.
      void client.schedule
        .getHandle('partition-rollover')
        .trigger()
        .catch(() => undefined);
      await sleep(500 + random() * 4_000);
      const pid = await until(`${part} runs`, () => alive(part), 90_000);
      process.kill(pid, 'SIGKILL');
      killed.add(pid);
      answered.upTo += days / (rounds + 1);
    }
    answered.upTo = Infinity;
    const backfill = async () => (await client.workflow.getHandle('backfill-history').result()) as BackfillTally;
    const tally = await until('the backfill has ended', () => backfill().catch(retryWhileAway), 300_000);
    expect(tally).toMatchObject({ done: days, failed: [] });
    await fetch(`${origin.url}/over`);
    // What is asked for now is the last that there will be.
    const asked = origin.requests.length;
    await until('it is polled once more', () => origin.requests.length > asked + 1, 60_000);
    await sleep(1_000);
    const rows = async (source: string) => {
      const text = `select source_id from raw_events where source = '${source}'`;
      const { code, stdout } = await sandbox.run(['sql', '--json', text]);
      if (code !== 0) return null;
      return stdout
        .split('\n')
        .flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as { source_id: string }).source_id]));
    };
    for (const source of ['live', 'history'] as const) {
      const all = [...served[source]].sort();
      const stored = await until(
        `all of ${source} is stored`,
        async () => {
          const ids = await rows(source);
          return ids && ids.length >= all.length ? ids : null;
        },
        120_000,
      );
      expect([...stored].sort()).toEqual(all);
      const journal = new Set(csvRowsBelow(join(folder, 'data', 'csv', source)).map((row) => row['source_id'] ?? ''));
      expect([...journal].sort()).toEqual(all);
    }
    expect(await sandbox.run(['pause', 'live', '--reason', 'the trial is over'])).toMatchObject({ code: 0 });
    const open = async () => (await statuses())['RUNNING'] ?? [];
    await vi.waitFor(async () => expect(await open()).toEqual([]), { timeout: 150_000, interval: 500 });
    const ended = await statuses();
    process.stderr.write(
      `${JSON.stringify(Object.fromEntries(Object.entries(ended).map(([name, ids]) => [name, ids.length])))}, ${served.live.size} live and ${served.history.size} historic ids\n`,
    );
    expect(Object.keys(ended)).toEqual(['COMPLETED']);
    const left = readdirSync(join(folder, 'data'), { recursive: true }).map(String);
    expect(left.filter((path) => /^deferred.*json$/.test(path))).toEqual([]);
  },
  360_000 + rounds * 40_000,
);

/** A server that is being started again is not an answer; a backfill that failed is one. */
function retryWhileAway(error: unknown): null {
  if (error instanceof Error && error.name === 'WorkflowFailedError') throw error;
  return null;
}
