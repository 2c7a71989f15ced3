import type { Config } from '../../config/file/parse-config.ts';
import { sinks } from '../../domain/run/sink.ts';
import type { FailedReceipt, Receipt } from '../../domain/run/receipt.ts';
import type { Health } from '../../domain/monitoring/health.ts';
import { noWindows, windowStates } from '../../status/backfill-windows.ts';
import { startResults } from '../../status/start-counts.ts';
import { parts, type Observed } from '../../status/status-monitor.ts';
import { fetchResults, fetchStage, sinkResults } from './record-labels.ts';

/** A gauge, computed from what all workers share: each of them reports the same. */
export interface GaugeDefinition {
  /** One that only grows. @default 'gauge' */
  readonly type?: 'counter';
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** Whether each worker has its own value. @default false */
  readonly own?: true;
  /** Values of the labels, in their order, with the value. */
  readonly values: (observed: Observed, config: Config) => Iterable<Sample>;
}

export type Sample = readonly [labels: readonly string[], value: number];

const healths = ['ok', 'late', 'failing', 'paused', 'deferred', 'never_ran'] as const satisfies readonly Health[];

const seconds = (time: string) => Date.parse(time) / 1_000;
const day = (text: string | null | undefined) => (text ? seconds(`${text}T00:00:00Z`) : null);
const one = (value: number | null | undefined): Sample[] =>
  value === null || value === undefined ? [] : [[[], value]];

/** One for each source of the configuration; without a value, none. */
function each(value: (observed: Observed, source: string) => number | null | undefined): GaugeDefinition['values'] {
  return (observed, { sources }) =>
    sources.flatMap(({ name }): Sample[] => {
      const found = value(observed, name);
      return found === null || found === undefined ? [] : [[[name], found]];
    });
}

export const gauges: readonly GaugeDefinition[] = [
  {
    name: 'daybook_last_success_timestamp_seconds',
    help: 'When the last run ended that neither failed nor was rate limited; 0 = none, or none for a very long time.',
    labels: ['source'],
    values: each(({ memories }, source) => {
      const memory = memories.get(source);
      return memory && (memory.succeededAt === null ? 0 : seconds(memory.succeededAt));
    }),
  },
  {
    name: 'daybook_last_new_record_timestamp_seconds',
    help: 'When the source last had a new record, or was first polled; only for sources with expect.max_staleness.',
    labels: ['source'],
    values: each(({ memories }, source) => {
      const at = memories.get(source)?.state?.lastNewAt;
      return at ? seconds(at) : null;
    }),
  },
  {
    name: 'daybook_max_staleness_seconds',
    help: 'expect.max_staleness of the source, if set.',
    labels: ['source'],
    values: (_, { sources }) =>
      sources.flatMap(({ name, expect }): Sample[] =>
        expect?.max_staleness === undefined ? [] : [[[name], expect.max_staleness / 1_000]],
      ),
  },
  {
    name: 'daybook_last_run_records',
    help: 'Records of the last run by result, see daybook_records_total.',
    labels: ['source', 'sink', 'result'],
    values: ({ memories }, { sources }) =>
      sources.flatMap(({ name }) => {
        const last = memories.get(name)?.lastReceipt;
        return last ? runRecords(name, last) : [];
      }),
  },
  {
    name: 'daybook_rows_today',
    help: 'Rows in raw_events whose time is today, UTC.',
    labels: ['source'],
    values: (observed) =>
      observed.status.sources.flatMap(({ name, recordsToday }): Sample[] =>
        recordsToday === null ? [] : [[[name], recordsToday]],
      ),
  },
  {
    name: 'daybook_consecutive_failures',
    help: 'Failed runs since the last one that did not fail.',
    labels: ['source'],
    values: each(({ memories }, source) => memories.get(source)?.state?.failures ?? 0),
  },
  {
    name: 'daybook_source_health',
    help: `1 for the current health of the source, 0 for the others: ${healths.join(', ')}.`,
    labels: ['source', 'health'],
    values: ({ status }) =>
      status.sources.flatMap(({ name, health }) =>
        healths.map((candidate): Sample => [[name, candidate], candidate === health ? 1 : 0]),
      ),
  },
  {
    name: 'daybook_schedule_delay_seconds',
    help: 'How late the last scheduled start of the source was, or the next one is by now, whichever is more.',
    labels: ['source'],
    values: ({ status }) =>
      status.sources.flatMap(({ name, starts }): Sample[] => (starts ? [[[name], starts.delayMs / 1_000]] : [])),
  },
  {
    name: 'daybook_schedule_starts_total',
    type: 'counter',
    help: 'Scheduled starts by result: on_time, late (by more than 30 s), skipped (the previous run was still active, the start was so late that the next one was due, or it was missed); since this worker started to count.',
    labels: ['source', 'result'],
    values: ({ startCounts }, { sources }) =>
      sources.flatMap(({ name }) => {
        const counts = startCounts.get(name);
        return counts ? startResults.map((result): Sample => [[name, result], counts[result]]) : [];
      }),
  },
  {
    name: 'daybook_dead_letters',
    help: 'Dead letters: rejected records and pages that are neither discarded nor replayed; equal ones count separately.',
    labels: ['source'],
    values: each(({ letters }, source) => letters && (letters.get(source) ?? 0)),
  },
  {
    name: 'daybook_deferred_batches',
    help: 'Batches deferred for a sink.',
    labels: ['source', 'sink'],
    values: waiting(({ batches }) => batches),
  },
  {
    name: 'daybook_deferred_oldest_seconds',
    help: 'Age of the oldest batch deferred for a sink; 0 = none.',
    labels: ['source', 'sink'],
    values: waiting(({ since }) => Math.max(0, Date.now() / 1_000 - seconds(since))),
  },
  {
    name: 'daybook_partitions_ahead',
    help: 'Days after today that have a partition, without a gap.',
    labels: [],
    values: ({ status }) => one(status.partitions.ahead),
  },
  {
    name: 'daybook_partition_oldest_timestamp_seconds',
    help: 'Day of the oldest partition.',
    labels: [],
    values: ({ status }) => one(day(status.partitions.oldest)),
  },
  {
    name: 'daybook_last_maintenance_timestamp_seconds',
    help: 'When the last rollover ended without a failed step; absent if Temporal has none.',
    labels: [],
    values: ({ lastMaintenanceAt }) => one(lastMaintenanceAt === null ? null : seconds(lastMaintenanceAt)),
  },
  {
    name: 'daybook_backfill_windows',
    help: 'Backfill windows: waiting and running ones of active backfills, done and failed ones of all.',
    labels: ['source', 'state'],
    values: ({ windows, openWindows }, { sources }) =>
      sources.flatMap(({ name }) => {
        const counts = { ...(windows?.get(name) ?? noWindows), ...openWindows.get(name) };
        return windows ? windowStates.map((state): Sample => [[name, state], counts[state]]) : [];
      }),
  },
  {
    name: 'daybook_canary_lag_seconds',
    help: 'Time from scrape to confirmation by both sinks of the last canary that passed.',
    labels: [],
    values: ({ status: { canary } }) => one(canary === null || canary.lagMs === null ? null : canary.lagMs / 1_000),
  },
  {
    name: 'daybook_canary_last_success_timestamp_seconds',
    help: 'When a canary last passed; 0 = never.',
    labels: [],
    values: ({ status: { canary } }) => one(canary && (canary.succeededAt === null ? 0 : seconds(canary.succeededAt))),
  },
  {
    name: 'daybook_alert',
    help: 'Always 1, for each open alert; alerts without a source have source="daybook".',
    labels: ['name', 'source'],
    values: ({ status }) => status.alerts.map(({ name, source }): Sample => [[name, source], 1]),
  },
  {
    name: 'daybook_alerts_open',
    help: 'Number of open alerts.',
    labels: [],
    values: ({ status, ages }) => (ages.store === null && status.alerts.length === 0 ? [] : one(status.alerts.length)),
  },
  {
    name: 'daybook_postgres_up',
    help: 'Whether this worker can reach PostgreSQL: use min().',
    own: true,
    labels: [],
    values: ({ status, ages }) => (ages.postgres === null ? [] : one(Number(status.postgres.reachable))),
  },
  {
    name: 'daybook_temporal_up',
    help: 'Whether this worker can reach Temporal: use min().',
    own: true,
    labels: [],
    values: ({ status, ages }) => (ages.temporal === null ? [] : one(Number(status.temporal.reachable))),
  },
  {
    name: 'daybook_storage_writable',
    help: 'Whether this worker can write to its store, its journal, and the home of the embedded stack: use min().',
    own: true,
    labels: ['part'],
    values: ({ status }) => status.storage.map(({ part, error }): Sample => [[part], Number(error === null)]),
  },
  {
    name: 'daybook_storage_free_bytes',
    help: 'Free bytes for this worker on the disks of its store, its journal and the home of the embedded stack.',
    own: true,
    labels: ['part'],
    values: ({ status }) =>
      status.storage.flatMap(({ part, freeBytes }): Sample[] => (freeBytes === null ? [] : [[[part], freeBytes]])),
  },
  {
    name: 'daybook_status_age_seconds',
    help: 'How long ago this worker last read this part of the status. A part that cannot be read keeps its last value.',
    own: true,
    labels: ['part'],
    values: ({ ages }) =>
      parts.flatMap((part): Sample[] => {
        const age = ages[part];
        return age === null ? [] : [[[part], age / 1_000]];
      }),
  },
];

function waiting(value: (waiting: { batches: number; since: string }) => number): GaugeDefinition['values'] {
  return ({ status }) =>
    status.sources.flatMap((source) =>
      sinks.map((sink): Sample => {
        const found = source.waiting.find((candidate) => candidate.sink === sink);
        return [[source.name, sink], found ? value(found) : 0];
      }),
    );
}

function runRecords(source: string, receipt: Receipt | FailedReceipt): Sample[] {
  return [
    ...fetchResults.map((result): Sample => [[source, fetchStage, result], receipt[result] ?? 0]),
    ...sinks.flatMap((sink) => sinkResults.map((result): Sample => [[source, sink, result], receipt[sink][result]])),
  ];
}
