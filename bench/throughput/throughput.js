// npm run bench -- [throughput] [--records 300000] [--rounds 3] [--only a,b] [--against REV] [--json]: rows a second of Daybook and of
// what it is compared with, measured in turn in one run on one server, with medians.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from '../../dist/config/environment/environment.js';
import { embeddedPostgresSettings, embeddedTemporalSettings } from '../../dist/embedded/addresses.js';
import { Home } from '../../dist/embedded/home/home.js';
import { startStack, stopStack } from '../../dist/embedded/stack.js';
import { assertKnown, has, numberOf, textOf } from '../support/arguments.js';
import { LoadWatch, machine } from '../support/machine.js';
import { withRevisions } from '../support/revisions.js';
import { say } from '../support/say.js';
import { candidatesOf } from './candidates.js';
import { sources, writeData } from './data.js';
import { dropDatabase, freshDatabase, settle } from './database.js';
import { startRecordsOrigin } from './records-origin.js';
import { assertComplete, reportThroughput, resultOf } from './report.js';

const days = Array.from({ length: 31 }, (_, n) => new Date(Date.UTC(2026, 0, n + 1)).toISOString().slice(0, 10));

/** @param args what follows `throughput` on the command line */
export async function benchThroughput(args) {
  assertKnown(args, ['--records', '--rounds', '--only', '--against', '--json']);
  const records = numberOf(args, '--records', 300_000);
  const rounds = numberOf(args, '--rounds', 3);
  const only = textOf(args, '--only')?.split(',') ?? null;
  const result = await withRevisions(args, say, (revisions) => measureAll({ revisions, records, rounds, only }));
  reportThroughput(result, say);
  if (has(args, '--json')) process.stdout.write(`${JSON.stringify(result)}\n`);
}

async function measureAll({ revisions, records, rounds, only }) {
  const folder = mkdtempSync(join(tmpdir(), 'daybook-bench-'));
  // PostgreSQL may run as another user, who has to reach it.
  chmodSync(folder, 0o755);
  const home = new Home(join(folder, 'home'));
  // The servers are no children of the terminal: Ctrl-C does not reach them.
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => void stopStack(home).then(() => process.exit(1)));
  const load = new LoadWatch();
  let origin = null;
  try {
    const files = new Map(sources.map((source) => [source, join(folder, `${source}.ndjson`)]));
    const distinct = await writeData(records, (source) => files.get(source));
    say(`${records} records, ${distinct} distinct keys, ${rounds} rounds`);
    origin = await startRecordsOrigin(files);
    await startStack(home, { postgres: true, temporal: true }, readEnvironment({}), say);
    const server = embeddedPostgresSettings(home);
    const candidates = candidatesOf({
      revisions,
      files,
      distinct,
      origin,
      temporal: embeddedTemporalSettings(home),
      only,
      say,
    });
    const runs = new Map(candidates.map((candidate) => [candidate, []]));
    for (let round = 0; round < rounds; round++) {
      for (const candidate of candidates) {
        const run = await measure(candidate, server, join(folder, `${candidate.name}-${round}`), distinct);
        runs.get(candidate).push(run);
        say(
          `round ${round + 1}: ${candidate.name.padEnd(24)} ${Math.round((candidate.records ?? records) / run.seconds)} rows/s`,
        );
        load.note();
      }
    }
    const results = candidates.map((candidate) => resultOf(candidate, runs.get(candidate), records));
    return { machine: machine(), load: load.text, records, rounds, candidates: results };
  } finally {
    origin?.close();
    await stopStack(home);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One run of a candidate on a database of its own. */
async function measure(candidate, server, place, distinct) {
  mkdirSync(place);
  const settings = await freshDatabase(server, { root: candidate.root, days, index: candidate.index, place });
  try {
    const run = await candidate.run(settings, place);
    const ownTable = candidate.table !== undefined;
    const settled = await settle(settings, candidate);
    assertComplete(candidate, settled.rows, distinct);
    return { ...run, ginSeconds: ownTable ? null : settled.seconds };
  } finally {
    await dropDatabase(server, settings);
    rmSync(place, { recursive: true, force: true });
  }
}
