import type { ChildProcess } from 'node:child_process';
import { dirname, join } from 'node:path';
import { wirePath, writeDemoConfig } from '../demo/demo-config.ts';
import { startOriginProcess } from '../embedded/children.ts';
import { choosePort } from '../embedded/ports.ts';
import type { Context } from './context.ts';

const usualPort = 8765;

/** Writes the demo's configuration. Its origin is at the same port each time if that is free; the sources are told where. */
export async function prepareDemo({ home, environment }: Context): Promise<void> {
  const port = await choosePort(home.ports.origin ?? usualPort);
  home.rememberPort('origin', port);
  writeDemoConfig(environment.configFile, port);
}

/** Starts the demo's origin, which serves the API and lets the file grow. */
export function startDemoOrigin({ home, environment }: Context): ChildProcess {
  const file = join(dirname(environment.configFile), wirePath);
  return startOriginProcess(home, home.ports.origin ?? usualPort, file);
}
