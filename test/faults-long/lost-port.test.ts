import { rmSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CliSandbox, type RunningDaybook } from '../support/cli-sandbox.ts';
import { startOrigin, type Origin } from '../support/servers/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

let origin: Origin;
let folder: string;
let running: RunningDaybook;
const inTheWay: Server[] = [];

beforeAll(async () => {
  let id = 0;
  origin = await startOrigin((_url, response) => {
    response.end(JSON.stringify([{ id: ++id, at: '2026-11-01T00:00:00Z' }]));
  });
  folder = temporaryFolder();
  writeFileSync(
    join(folder, 'daybook.yaml'),
    `version: 1
sources: [{ name: pulse, type: http_json, url: "${origin.url}/", allow_private: true, id: id, occurred_at: at, schedule: { every: 1s } }]
`,
  );
  running = new CliSandbox(folder).start(['up']);
  await running.shows('Ctrl-C stops everything');
});
afterAll(async () => {
  await running?.killAll();
  for (const server of inTheWay) server.close();
  await origin.close();
  rmSync(folder, { recursive: true, force: true });
});

const portOf = (part: string) =>
  (JSON.parse(readFileSync(join(folder, '.daybook', 'stack.json'), 'utf8')) as { ports: Record<string, number> }).ports[
    part
  ];
const receipts = () => running.output.split('\n').filter((line) => / pulse +ok /.test(line)).length;

test.each(['temporal', 'postgres'])(
  'a killed %s whose port is taken comes back at another one, and the worker finds it',
  async (part) => {
    await until('it polls', () => receipts() > 0);
    const port = portOf(part);
    process.kill(running.parts()[part] ?? 0, 'SIGKILL');
    await until('the port is taken', async () => {
      const server = createServer((socket) => socket.destroy());
      const taken = await new Promise((resolve) => {
        server.once('error', () => resolve(false));
        server.listen(port, '127.0.0.1', () => resolve(true));
      });
      if (taken) inTheWay.push(server);
      return taken;
    });
    await until('it is back', () => running.output.includes(`${part} restarted`), 60_000);
    expect(portOf(part)).not.toBe(port);
    const before = receipts();
    await until(
      () => `it continues:\n${running.output}`,
      () => receipts() > before + 1,
      60_000,
    );
  },
);
