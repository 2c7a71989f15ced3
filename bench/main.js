// npm run bench -- [--quick] [--json]: rows a second of Daybook and of what it is compared with, measured in turn in one
// run on one server, with medians. The last line with --json is one JSON object.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from '../dist/config/environment/environment.js';
import { embeddedPostgresSettings, embeddedTemporalSettings } from '../dist/embedded/addresses.js';
import { Home } from '../dist/embedded/home/home.js';
import { startStack, stopStack } from '../dist/embedded/stack.js';
import { sources, writeData } from './data.js';
import { dropDatabase, dsn, freshDatabase, settle } from './database.js';
import { runProduct } from './product.js';
import { preparePython, runPython } from './python.js';
import { runWriters } from './writers.js';

const quick = process.argv.includes('--quick');
const json = process.argv.includes('--json');
const records = quick ? 30_000 : 300_000;
const rounds = 3;

const say = (message) => process.stderr.write(`${message}\n`);
const days = Array.from({ length: 31 }, (_, n) => new Date(Date.UTC(2026, 0, n + 1)).toISOString().slice(0, 10));

preparePython(say);
const folder = mkdtempSync(join(tmpdir(), 'daybook-bench-'));
// PostgreSQL may run as another user, who has to reach it.
chmodSync(folder, 0o755);
const home = new Home(join(folder, 'home'));
try {
  const files = new Map(sources.map((source) => [source, join(folder, `${source}.ndjson`)]));
  const distinct = await writeData(records, (source) => files.get(source));
  say(`${records} records, ${distinct} distinct keys, ${rounds} rounds`);
  await startStack(home, { postgres: true, temporal: true }, readEnvironment({}), say);
  const results = await measure(files);
  report(results, distinct);
} finally {
  await stopStack(home);
  rmSync(folder, { recursive: true, force: true });
}

async function measure(files) {
  const server = embeddedPostgresSettings(home);
  const temporal = embeddedTemporalSettings(home);
  const pairs = [...files].map(([source, file]) => `${source}=${file}`);
  const candidates = {
    row_by_row: (settings, place) => runPython('row_by_row.py', [dsn(settings), place, ...pairs]),
    copy_ledger: (settings) => runPython('copy_ledger.py', [dsn(settings), ...pairs]),
    writers: (settings, place) => runWriters(settings, place, files),
    product: (settings, place) => runProduct(settings, temporal, place, files),
  };
  const results = Object.fromEntries(Object.keys(candidates).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(candidates)) {
      const place = join(folder, `${name}-${round}`);
      mkdirSync(place);
      const settings = await freshDatabase(server, days);
      const { seconds } = await run(settings, place);
      const gin = await settle(settings);
      results[name].push({ seconds, ginSeconds: gin.seconds, rows: gin.rows });
      say(`round ${round + 1}: ${name.padEnd(12)} ${Math.round(records / seconds)} rows/s`);
      await dropDatabase(server, settings);
      rmSync(place, { recursive: true, force: true });
    }
  }
  return results;
}

function report(results, distinct) {
  const base = rates(results.row_by_row);
  const candidates = Object.entries(results).map(([name, runs]) => {
    const { plain, gin } = rates(runs);
    return {
      name,
      rows_per_s: Math.round(plain),
      rows_per_s_gin: Math.round(gin),
      ratio: Math.round((plain / base.plain) * 100) / 100,
      ratio_gin: Math.round((gin / base.gin) * 100) / 100,
      rows_stored: runs[0].rows,
      seconds: runs.map(({ seconds }) => Math.round(seconds * 1000) / 1000),
    };
  });
  for (const { name, rows_stored: rows } of candidates) {
    if (rows !== distinct) throw new Error(`${name} stored ${rows} rows, expected ${distinct}`);
  }
  say('\ncandidate       rows/s   × row    +GIN   × row');
  for (const { name, rows_per_s: rate, ratio, rows_per_s_gin: gin, ratio_gin: ratioGin } of candidates) {
    say(`${name.padEnd(13)}${pad(rate)}${pad(ratio.toFixed(1))}${pad(gin)}${pad(ratioGin.toFixed(1))}`);
  }
  if (json) process.stdout.write(`${JSON.stringify({ records, rounds, candidates })}\n`);
}

/** Medians over the rounds; "+GIN" counts the work that GIN's pending lists postpone. */
function rates(runs) {
  return {
    plain: records / median(runs.map(({ seconds }) => seconds)),
    gin: records / median(runs.map(({ seconds, ginSeconds }) => seconds + ginSeconds)),
  };
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function pad(value) {
  return String(value).padStart(8);
}
