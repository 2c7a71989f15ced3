import { spawn } from 'node:child_process';
import { Connection } from '@temporalio/client';
import { readEnvironment } from '../../../src/config/environment/environment.ts';
import { findTemporal } from '../../../src/embedded/temporal-server/find-temporal.ts';
import { freePort } from './free-port.ts';
import { until } from '../until.ts';

export interface TestServer {
  readonly address: string;
  /** Holds the process, as a machine that has no time for it; `false` lets it continue. */
  hold(on: boolean): void;
  stop(): Promise<void>;
}

/** Starts a Temporal server for a test, in memory, with further dynamic configuration. */
export async function startTemporalServer(dynamicConfig: readonly string[]): Promise<TestServer> {
  const program = await findTemporal(readEnvironment({}), () => undefined);
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const flags = [
    'system.enableActivityEagerExecution=true',
    'history.transferProcessorMaxPollRPS=2000',
    ...dynamicConfig,
  ].flatMap((value) => ['--dynamic-config-value', value]);
  const child = spawn(
    program,
    ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'error'].concat(
      ['--search-attribute', 'DaybookSource=Keyword'],
      flags,
    ),
    { stdio: 'ignore' },
  );
  await until('the server answers', async () => {
    const connection = await Connection.connect({ address, connectTimeout: '1s' }).catch(() => null);
    await connection?.close();
    return connection;
  });
  return {
    address,
    hold: (on) => void child.kill(on ? 'SIGSTOP' : 'SIGCONT'),
    async stop() {
      child.kill('SIGCONT');
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await ended;
    },
  };
}
