// A Temporal server that asks for a new segment after few events. The product starts its own server; it finds this one first.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { readEnvironment } from '../../dist/config/environment/environment.js';
import { findTemporal } from '../../dist/embedded/temporal-server/find-temporal.js';

/**
 * Writes a program `temporal` that starts the real one with that setting.
 * @returns the PATH that finds it first
 */
export async function pathWithShortHistories(folder, events, say) {
  const real = await findTemporal(readEnvironment({}), say);
  const setting = `--dynamic-config-value limit.historyCount.suggestContinueAsNew=${events}`;
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const file = join(bin, 'temporal');
  const quoted = `'${real.replaceAll("'", `'\\''`)}'`;
  writeFileSync(file, `#!/bin/sh\n[ "$1" = server ] && exec ${quoted} "$@" ${setting}\nexec ${quoted} "$@"\n`);
  chmodSync(file, 0o755);
  return `${bin}${delimiter}${process.env.PATH}`;
}
