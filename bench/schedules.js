// npm run bench -- schedules [--sources 150] [--minutes 10] [--json]: a stack of its own polls so many sources each minute from an
// API on loopback. Says how many polls began, how late, and how many were skipped. Ends automatically.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { embeddedTemporalSettings } from '../dist/embedded/addresses.js';
import { Home } from '../dist/embedded/home/home.js';

const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const say = (message) => process.stderr.write(`${message}\n`);
const minute = 60_000;

/** @param args what follows `schedules` on the command line */
export async function benchSchedules(args) {
  const count = numberOf(args, '--sources', 150);
  const minutes = numberOf(args, '--minutes', 10);
  const folder = mkdtempSync(join(tmpdir(), 'daybook-bench-'));
  // PostgreSQL may run as another user, who has to reach it.
  chmodSync(folder, 0o755);
  const origin = await startOrigin();
  const names = Array.from({ length: count }, (_, n) => `source-${n}`);
  configure(folder, names, origin.address().port);
  const up = startUp(folder);
  try {
    await shows(up, 'Ctrl-C stops everything');
    const home = new Home(join(folder, 'home'));
    const connection = await Connection.connect(embeddedTemporalSettings(home).connection);
    const client = new Client({ connection });
    // The first full minute after all schedules were made and have begun once.
    const fromMs = Math.ceil((Date.now() + minute / 2) / minute) * minute;
    const toMs = fromMs + minutes * minute;
    say(`${count} sources each minute, from ${new Date(fromMs).toISOString()} for ${minutes} minutes`);
    const loads = [];
    while (Date.now() < toMs + minute / 2) {
      await sleep(10_000);
      loads.push(loadavg()[0]);
    }
    const result = await measure(client, { fromMs, toMs });
    await connection.close();
    report({ sources: count, minutes, due: count * minutes, ...result, load: span(loads) }, args.includes('--json'));
  } finally {
    up.kill('SIGINT');
    await once(up, 'exit');
    origin.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** An API of one record, which says when nothing is new. */
async function startOrigin() {
  const server = createServer((request, response) => {
    if (request.headers['if-none-match'] === '"1"') return response.writeHead(304).end();
    response.writeHead(200, { etag: '"1"', 'content-type': 'application/json' });
    response.end(JSON.stringify([{ id: request.url, at: '2026-01-01T00:00:00Z' }]));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function configure(folder, names, port) {
  const sources = names.map(
    (name) =>
      `  - { name: ${name}, type: http_json, url: "http://127.0.0.1:${port}/${name}", id: id, occurred_at: at, allow_private: true, schedule: { every: 1m } }\n`,
  );
  writeFileSync(join(folder, 'daybook.yaml'), `version: 1\nsources:\n${sources.join('')}`);
}

function startUp(folder) {
  const { PG_HOST: _postgres, TEMPORAL_ADDRESS: _temporal, ...environment } = process.env;
  return spawn(process.execPath, [cli, 'up'], {
    cwd: folder,
    env: { ...environment, DAYBOOK_HOME: join(folder, 'home'), DAYBOOK_HTTP: 'off' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function shows(up, text) {
  let output = '';
  up.stdout.on('data', (chunk) => (output = (output + chunk).slice(-10_000)));
  while (!output.includes(text)) {
    if (up.exitCode !== null) throw new Error('up ended');
    await sleep(100);
  }
}

/** What was due between two times, as Temporal keeps it: the time of the schedule, and when the run began. */
async function measure(client, { fromMs, toMs }) {
  const delays = [];
  const query = `WorkflowType = 'scrapeRun' AND TemporalScheduledStartTime >= '${new Date(fromMs).toISOString()}' AND TemporalScheduledStartTime < '${new Date(toMs).toISOString()}'`;
  const ids = new Set();
  for await (const { startTime, searchAttributes, workflowId } of client.workflow.list({ query, pageSize: 1_000 })) {
    const [due] = searchAttributes?.TemporalScheduledStartTime ?? [];
    delays.push((startTime.getTime() - new Date(due).getTime()) / 1_000);
    ids.add(workflowId);
  }
  delays.sort((a, b) => a - b);
  const at = (share) => delays[Math.min(delays.length - 1, Math.floor(delays.length * share))];
  return {
    began: ids.size,
    delay_p50_s: at(0.5),
    delay_p99_s: at(0.99),
    delay_max_s: delays.at(-1),
    later_than_5_s: delays.filter((seconds) => seconds > 5).length,
  };
}

function report(result, json) {
  say(
    `${result.began} of ${result.due} polls began, ${result.due - result.began} were skipped; late by p50 ${result.delay_p50_s} s, p99 ${result.delay_p99_s} s, at most ${result.delay_max_s} s; load ${result.load}`,
  );
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
}

function span(values) {
  return `${Math.min(...values).toFixed(1)}–${Math.max(...values).toFixed(1)}`;
}

function numberOf(args, name, fallback) {
  const index = args.indexOf(name);
  return index === -1 ? fallback : Number(args[index + 1]);
}
