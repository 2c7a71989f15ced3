import type { ChildProcess } from 'node:child_process';
import { dirname, join } from 'node:path';
import { wirePath, writeDemoConfig } from '../../demo/demo-config.ts';
import { startOriginProcess } from '../../embedded/processes/children.ts';
import { tailOf } from '../../embedded/processes/managed-process.ts';
import { CannotStart } from '../../domain/errors.ts';
import type { Context } from '../options/context.ts';

const usualPort = 8765;
/** How often it is started where others are faster in taking its port. */
const startTries = 10;

/** Writes the demo's configuration, with the port that its origin had last. */
export function prepareDemo({ home, environment }: Context): void {
  writeDemoConfig(environment.configFile, home.ports.origin ?? usualPort);
}

/**
 * Starts the demo's origin, which serves the API and lets the file grow, at the same port each time if that is free. The sources
 * are told where once it listens: before, another home's origin might answer there.
 * @throws CannotStart with the end of its log
 */
export async function startDemoServer({ home, environment }: Context): Promise<ChildProcess> {
  const file = join(dirname(environment.configFile), wirePath);
  for (let tries = 1; ; tries++) {
    const port = await home.choosePort('origin', home.ports.origin ?? usualPort);
    const child = startOriginProcess(home, port, file);
    if (await listens(child)) {
      writeDemoConfig(environment.configFile, port);
      return child;
    }
    const log = tailOf(home.path('logs', 'origin.log'), 20);
    if (tries === startTries || !log.includes('EADDRINUSE')) {
      throw new CannotStart(`demo: its web server does not start; the end of its log:\n${log}`);
    }
  }
}

/** Whether it has its port: it says so. False if it has ended. */
async function listens(origin: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    origin.once('message', () => resolve(true));
    origin.once('exit', () => resolve(false));
    origin.once('error', () => resolve(false));
  });
}
