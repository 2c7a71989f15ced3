import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { canarySource } from '../../src/domain/names.ts';
import { ownsPort } from '../../src/embedded/processes/port-owner.ts';
import { csvRowsBelow } from '../support/csv-rows.ts';
import { CliSandbox, type RunningDaybook } from '../support/cli-sandbox.ts';
import { startOrigin, type Origin } from '../support/servers/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const names = ['alpha', 'beta', 'gamma'];

interface Place {
  readonly name: string;
  readonly folder: string;
  readonly sandbox: CliSandbox;
  readonly running: RunningDaybook;
}

let origin: Origin;
let places: readonly Place[] = [];

beforeAll(async () => {
  let id = 0;
  origin = await startOrigin(({ pathname }, response) => {
    response.end(JSON.stringify([{ id: `${pathname}-${++id}`, at: '2026-11-01T00:00:00Z' }]));
  });
  const folders = names.map(() => temporaryFolder());
  // All of them have the same ports in mind, also those of the HTTP endpoints, as three clones would.
  const variables = { DAYBOOK_HTTP: undefined };
  places = names.map((name, index) => {
    const folder = folders[index] ?? '';
    writeFileSync(
      join(folder, 'daybook.yaml'),
      `version: 1
sources: [{ name: ${name}, type: http_json, url: "${origin.url}/${name}", allow_private: true, id: id, occurred_at: at, schedule: { every: 2s } }]
`,
    );
    const sandbox = new CliSandbox(folder, variables);
    return { name, folder, sandbox, running: sandbox.start(['up']) };
  });
}, 10_000);
afterAll(async () => {
  for (const { running, folder } of places) {
    await running.killAll();
    rmSync(folder, { recursive: true, force: true });
  }
  await origin?.close();
});

const portsOf = ({ folder }: Place) =>
  (JSON.parse(readFileSync(join(folder, '.daybook', 'stack.json'), 'utf8')) as { ports: Record<string, number> }).ports;

test('three that start in the same second all work, and share nothing', async () => {
  for (const { running, name } of places) await running.shows(`${name.padEnd(16)} ok`, 120_000);
  const ports = places.map(portsOf);
  expect(new Set(ports.flatMap((one) => Object.values(one))).size).toBe(3 * 4);
  for (const [index, { running }] of places.entries()) {
    const { worker = 0, temporal = 0, postgres = 0 } = running.parts();
    const port = ports[index] ?? {};
    expect(ownsPort(temporal, port['temporal'] ?? 0)).toBe(true);
    expect(ownsPort(temporal, port['temporalUi'] ?? 0)).toBe(true);
    expect(ownsPort(postgres, port['postgres'] ?? 0)).toBe(true);
    expect(ownsPort(worker, port['http'] ?? 0)).toBe(true);
  }
  for (const { name, folder, sandbox, running } of places) {
    // A shared server would run the sources of others.
    await until('it has run thrice', () => running.output.split(`${name.padEnd(16)} ok`).length > 3, 60_000);
    expect(running.output).not.toMatch(new RegExp(` (?:${names.filter((other) => other !== name).join('|')}) +ok`));
    // Every five minutes the canary has rows as well, for a moment.
    const rows = csvRowsBelow(join(folder, 'data', 'csv')).filter((row) => row['source'] !== canarySource);
    expect(new Set(rows.map((row) => row['source_id']?.replace(/\d+$/, '')))).toEqual(new Set([`/${name}-`]));
    const { stdout } = await sandbox.run([
      'sql',
      '--json',
      `select distinct source from raw_events where source <> '${canarySource}'`,
    ]);
    expect(stdout.trim()).toBe(JSON.stringify({ source: name }));
  }
}, 180_000);
