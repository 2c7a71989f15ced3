// npm run bench -- --quick: no figures, only whether each record of files and of an API is stored exactly once, also when all are read
// again. Exits with 1 if any is lost or doubled.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRun } from '../support/direct-start.js';
import { connectPostgres } from '../support/postgres-of.js';
import { ownRoot } from '../support/revision.js';
import { RunningProduct } from '../support/running-product.js';
import { say } from '../support/say.js';
import { sources as files, writeData } from '../throughput/data.js';
import { startRecordsOrigin } from '../throughput/records-origin.js';
import { faultsOf, linesByKey, rowsByKey } from './stored.js';

const records = 24_000;

export async function benchQuick() {
  const folder = mkdtempSync(join(tmpdir(), 'daybook-bench-'));
  const fileOf = (source) => join(folder, `${source}.ndjson`);
  let origin = null;
  let product = null;
  try {
    await writeData(records, fileOf);
    origin = await startRecordsOrigin(new Map(files.map((source) => [source, fileOf(source)])));
    const apis = files.map((source) => `${source}-api`);
    product = await RunningProduct.start(ownRoot, configOf(fileOf, origin));
    const { client } = product;
    const runAll = async (sources) => {
      const handles = await Promise.all(sources.map((source) => startRun(client, source)));
      return Promise.all(handles.map((handle) => handle.result()));
    };
    await runAll([...files, ...apis]);
    // Everything is known now: nothing may be stored again.
    const again = await runAll([...files, ...apis]);
    const expected = new Set(files.flatMap((source) => keysOf(source, fileOf(source))));
    const postgres = await connectPostgres(product);
    const faults = [
      ...faultsOf('PostgreSQL', expected, await rowsByKey(postgres), { mayRepeat: false }),
      ...faultsOf('CSV', expected, linesByKey(join(product.folder, 'data', 'csv')), { mayRepeat: true }),
      ...again.flatMap(({ source, postgres: { written } }) =>
        written === 0 ? [] : [`${source}: ${written} records stored again`],
      ),
    ];
    await postgres.end();
    for (const fault of faults) say(`FAILED ${fault}`);
    if (faults.length > 0) process.exitCode = 1;
    else say(`ok     ${expected.size} records of files and an API are each stored once`);
  } finally {
    await product?.stop();
    origin?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function configOf(fileOf, origin) {
  const ids = 'id: id, occurred_at: published_at';
  const lines = files.flatMap((source) => [
    `  - { name: ${source}, type: file, path: ${JSON.stringify(fileOf(source))}, ${ids} }`,
    `  - { name: ${source}-api, type: http_json, url: "${origin.urlOf(source)}", ${ids}, allow_private: true, paginator: page_number }`,
  ]);
  return `version: 1\nsources:\n${lines.join('\n')}\n`;
}

/** Of the file's source, and of the API that has the same records. */
function keysOf(source, file) {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.flatMap((line) => {
    const { id } = JSON.parse(line);
    return [`${source}/${id}`, `${source}-api/${id}`];
  });
}
