import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Home } from '../../../../src/embedded/home/home.ts';
import { startServer } from '../../../../src/embedded/processes/start-server.ts';
import { freePort } from '../../../support/servers/free-port.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

let folder: string;
let home: Home;

beforeEach(() => {
  folder = temporaryFolder();
  home = new Home(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a program that acts as a server; `asked` = how often it was asked whether it serves. */
async function start(program: string, port: number) {
  let asked = 0;
  const started = await startServer(home, {
    command: {
      part: 'temporal',
      command: process.execPath,
      args: ['-e', program, String(port)],
      logFile: home.path('logs', 'temporal.log'),
      environment: {},
    },
    ports: [port],
    withinMs: 10_000,
    serves: async () => ++asked > 1,
  });
  return { started, asked };
}

const listen = `require('node:net').createServer().listen(Number(process.argv[1]), '127.0.0.1')`;

test('a server that answers at its port itself is waited for until it serves', async () => {
  const { started, asked } = await start(listen, await freePort());
  expect([started, asked]).toMatchObject([{ exitCode: null }, 2]);
  expect(home.isRunning('temporal')).toBe(true);
  if ('kill' in started) started.kill('SIGKILL');
});

test.each([
  ['ends', listen],
  ['stays', 'setInterval(() => {}, 1000)'],
])('a foreign server on the port is not used if ours %s', async (_, program) => {
  const port = await freePort();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
  try {
    const { started, asked } = await start(program, port);
    expect([started, asked]).toMatchObject([{ isPortLost: true }, 0]);
    // It is missing, and not forgotten: `status` names it until it is started again.
    expect(home.isRunning('temporal')).toBe(false);
    expect(home.missingParts).toEqual(['temporal']);
  } finally {
    other.close();
  }
});

test('a server that ends for another reason says why', async () => {
  const { started } = await start(`console.error('no such option'); process.exit(3)`, await freePort());
  expect(started).toEqual({ why: 'no such option', isPortLost: false });
});
