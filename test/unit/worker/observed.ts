import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openConfigFile, type ConfigFile } from '../../../src/config/file/config-file.ts';
import { noWindows } from '../../../src/status/backfill-windows.ts';
import { knownSources } from '../../../src/status/known-sources.ts';
import { statusOf, type StatusFacts } from '../../../src/status/status.ts';
import type { Observed } from '../../../src/status/status-monitor.ts';
import { aReceipt } from '../domain/a-receipt.ts';

export const now = new Date('2026-11-01T09:01:00.000Z');

export function configOf(folder: string, ...names: readonly string[]): ConfigFile {
  const file = join(folder, 'daybook.yaml');
  const sources = names.map(
    (name) =>
      `  - { name: ${name}, type: http_json, url: "https://example.com/", id: id, occurred_at: at, expect: { max_staleness: 1d } }\n`,
  );
  writeFileSync(file, `version: 1\nsources:\n${sources.join('')}`);
  return openConfigFile(file, () => undefined);
}

/** The status after a successful run of each source, with the changes of a test. */
export function observedOf(config: ConfigFile, part: Partial<StatusFacts> = {}): Observed {
  const known = knownSources(config.current().config, null);
  const { sources } = known;
  const at = '2026-11-01T09:00:00.000Z';
  const memories = new Map(
    sources.map(({ name }) => {
      const last = aReceipt({ source: name, fetched: 3, accepted: 2, unchanged: 1 });
      return [name, { lastReceipt: last, state: null, succeededAt: at, unchanged: null }] as const;
    }),
  );
  const server = { reachable: true, version: '18', error: null, longTransactions: [] };
  const storage = [{ part: 'store', folder: '/data', error: null, since: null, freeBytes: 1_024 } as const];
  const status = statusOf(
    {
      known,
      database: {
        server,
        partitions: {
          ahead: 7,
          oldest: '2026-11-01',
        },
      },
      rowsToday: new Map(),
      schedules: {
        sources: new Map(),
        others: new Map(),
        rollover: null,
      },
      stack: null,
      canary: null,
      server: {
        address: '127.0.0.1:7233',
        reachable: true,
        error: null,
        ui: 'http://127.0.0.1:8233',
        searchAttribute: true,
      },
      waiting: new Map(),
      alerts: [],
      storage,
      damaged: [],
      memories,
      letters: new Map(),
      ...part,
    },
    now,
  );
  return {
    status,
    memories,
    letters: new Map(),
    openWindows: new Map(),
    lastMaintenanceAt: at,
    startCounts: new Map(
      sources.map(({ name }) => [
        name,
        {
          on_time: 9,
          late: 2,
          skipped: 1,
        },
      ]),
    ),
    windows: new Map(sources.map(({ name }) => [name, noWindows])),
    ages: {
      store: 0,
      letters: 0,
      windows: 0,
      temporal: 0,
      postgres: 0,
      rows: 0,
    },
  };
}
