import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { PortClaims } from '../../../../src/embedded/home/port-claims.ts';
import { ownsPort } from '../../../../src/embedded/processes/port-owner.ts';
import { freePort } from '../../../support/servers/free-port.ts';

const claims: PortClaims[] = [];
const servers: Server[] = [];
const stack = () => {
  const made = new PortClaims();
  claims.push(made);
  return made;
};
const listen = async (port: number) => {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
};

afterEach(() => {
  for (const one of claims.splice(0)) one.releaseAll();
  for (const server of servers.splice(0)) server.close();
});

describe('ports of stacks that start at the same moment', () => {
  test('are different ones, although each stack finds the same ones free', async () => {
    const preferred = await freePort();
    const ports = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const one = stack();
        return [await one.claim('temporal', preferred), await one.claim('temporalUi', preferred)];
      }),
    );
    expect(new Set(ports.flat()).size).toBe(12);
  });

  test('stay claimed while nothing listens on them, and are free once they are released', async () => {
    const [first, second] = [stack(), stack()];
    const port = await first.claim('postgres', await freePort());
    expect(await second.claim('postgres', port)).not.toBe(port);
    expect(await first.claim('postgres', port)).toBe(port);
    first.releaseAll();
    expect(await stack().claim('postgres', port)).toBe(port);
  });

  test('are replaced if a program listens on them, even after the claim', async () => {
    const one = stack();
    const port = await freePort();
    await listen(port);
    const second = await one.claim('http', port);
    expect(second).not.toBe(port);
    await listen(second);
    expect([port, second]).not.toContain(await one.claim('http', second));
  });
});

describe('ownsPort', () => {
  test('distinguishes the listening process from others', async () => {
    const port = await freePort();
    await listen(port);
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    try {
      expect(ownsPort(process.pid, port)).toBe(true);
      expect(ownsPort(other.pid ?? 0, port)).toBe(false);
    } finally {
      other.kill('SIGKILL');
    }
  });

  test('returns unknown if no process listens', async () => {
    expect(ownsPort(process.pid, await freePort())).toBe(process.platform === 'linux' ? null : false);
  });
});
