import type { Alert } from '../../../../../src/domain/monitoring/alert.ts';
import type { FailedReceipt, Receipt } from '../../../../../src/domain/run/receipt.ts';
import { noSchedule, type ScheduleStatus } from '../../../../../src/status/schedule-status.ts';
import { statusOf, type Status, type StatusFacts } from '../../../../../src/status/status.ts';
import type { DeferredSummary } from '../../../../../src/status/deferred.ts';
import { aFailedReceipt, aReceipt } from '../../../domain/a-receipt.ts';

export const now = new Date('2026-11-01T09:01:00.000Z');

/** The status of healthy sources, with the changes of a test. */
export function aStatus(names: readonly string[], part: Partial<StatusFacts> = {}): Status {
  const sources = names.map((name) => ({ name, everyMs: 900_000, isCron: false, grid: null }));
  const memories = new Map(
    names.map((source) => {
      const lastReceipt: Receipt | FailedReceipt = aReceipt({ source, fetched: 3, accepted: 3 });
      return [source, { lastReceipt, state: null }];
    }),
  );
  const schedules = new Map(names.map((name) => [name, { ...noSchedule, nextRunAt: '2026-11-01T09:16:00.000Z' }]));
  return statusOf(
    {
      known: {
        sources,
        premake: 7,
        broken: null,
      },
      database: {
        server: {
          reachable: true,
          version: '18.4',
          error: null,
          longTransactions: [],
        },
        partitions: {
          ahead: 7,
          oldest: '2026-10-01',
        },
      },
      rowsToday: new Map(names.map((name) => [name, 12])),
      schedules: {
        sources: schedules,
        others: new Map(),
        rollover: null,
      },
      server: {
        address: '127.0.0.1:7233',
        reachable: true,
        error: null,
        ui: 'http://127.0.0.1:8233',
        searchAttribute: true,
      },
      stack: null,
      waiting: new Map(),
      alerts: [],
      storage: [],
      damaged: [],
      letters: new Map(),
      memories,
      canary: {
        at: '2026-11-01T09:00:30.000Z',
        lagMs: 2_170,
        error: null,
        succeededAt: '2026-11-01T09:00:30.000Z',
      },
      ...part,
    } as StatusFacts,
    now,
  );
}

const since = '2026-11-01T06:00:00.000Z';
const answer =
  'fetch: the server of the source answered 403 Forbidden at https://api.example.com/v1/記録/%E6%97%A5?page=1, expected 2xx';

/** Sixty sources, of which nine are in trouble: some fail, some are late, some wait for PostgreSQL, one waits in its run. */
export function sixtySources(): Status {
  const names = Array.from({ length: 60 }, (_, index) =>
    index % 7 === 0 ? `a-source-with-quite-a-long-name-number-${index}` : `source-${index}`,
  );
  const [failing, late, deferred] = [names.slice(10, 14), names.slice(20, 22), names.slice(30, 33)];
  const memories = new Map(
    names.map((source) => {
      const well = aReceipt({ source, fetched: 3, accepted: 3 });
      const failed = { ...aFailedReceipt({ type: 'SourceRefused', message: answer }), source };
      const old = { ...well, finishedAt: '2026-11-01T06:00:00.000Z' };
      return [
        source,
        {
          lastReceipt: failing.includes(source) ? failed : late.includes(source) ? old : well,
          state: null,
          succeededAt: null,
          unchanged: null,
        },
      ];
    }),
  );
  const alerts: Alert[] = failing.map((source) => ({
    name: 'run_failed',
    source,
    state: 'open',
    since,
    message: `SourceRefused: ${answer}`,
  }));
  const waits: DeferredSummary = {
    sink: 'postgres',
    batches: 2,
    since,
    reason: 'SinkUnavailable: the connection was refused',
  };
  const running: ScheduleStatus = {
    ...noSchedule,
    running: {
      workflowId: 'scrape-source-1-2026-11-01T09:00:00Z',
      since: '2026-11-01T09:00:00.000Z',
      waits: {
        on: 'PostgreSQL',
        reason: 'SinkUnavailable: the connection was refused',
        until: null,
      },
    },
  };
  const going: ScheduleStatus = {
    ...noSchedule,
    running: { workflowId: 'scrape-source-2-2026-11-01T09:00:00Z', since: '2026-11-01T09:00:48.000Z' },
  };
  const schedules = new Map<string, ScheduleStatus>(
    names.map((name) => [name, { ...noSchedule, nextRunAt: '2026-11-01T09:16:00.000Z' }]),
  );
  schedules.set('source-1', running).set('source-2', going);
  return aStatus(names, {
    memories,
    alerts,
    waiting: new Map(deferred.map((name) => [name, [waits]])),
    letters: new Map([['source-3', 12]]),
    schedules: {
      sources: schedules,
      others: new Map(),
      rollover: null,
    },
  });
}
