import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { version } from '../../config/version.ts';
import type { Metrics } from '../../domain/run/metrics.ts';
import { sinks, type Sink } from '../../domain/run/sink.ts';
import type { FailedReceipt, FetchCounts, Receipt, SinkCounts } from '../../domain/run/receipt.ts';
import { fetchResults, fetchStage, sinkResults } from './record-labels.ts';
import type { SourceLabels } from './source-labels.ts';

const statusClasses = ['2xx', '3xx', '4xx', '5xx', 'error'] as const;

/** Gauges of prom-client with the name of a counter; `nodejs_active_resources` and the like report the same, by type. */
const misnamed = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`);

const repeats =
  'Counted once per successful attempt; work that a killed worker had finished but not reported is counted again by the next attempt.';

/** What one worker has done since it started. */
export class WorkerCounters implements Metrics {
  readonly registry = new Registry();
  readonly #labels: SourceLabels;
  readonly #known = new Set<string>();
  readonly #records: Counter<'source' | 'sink' | 'result'>;
  readonly #requests: Counter<'source' | 'status_class'>;
  readonly #throttled: Counter<'source'>;
  readonly #attempts: Counter<'sink'>;
  readonly #failures: Counter<'sink'>;
  readonly #batches: Counter<'sink'>;
  readonly #writeSeconds: Histogram<'sink'>;
  readonly #runSeconds: Histogram<'source' | 'outcome'>;

  constructor(labels: SourceLabels) {
    this.#labels = labels;
    const registers = [this.registry];
    this.#records = new Counter({
      name: 'daybook_records_total',
      help: `Records by result: at the fetch (sink="${fetchStage}": fetched, unchanged, filtered, rejected, repaired) and at each sink (written, duplicate, refused, expired, deferred; deferred ones count again as written once delivered). ${repeats}`,
      labelNames: ['source', 'sink', 'result'],
      registers,
    });
    this.#attempts = new Counter({
      name: 'daybook_write_attempts_total',
      help: 'Attempts to write a batch to a sink, including retries and deliveries that found the sink unavailable. Cancelled attempts count only here.',
      labelNames: ['sink'],
      registers,
    });
    this.#failures = new Counter({
      name: 'daybook_write_failures_total',
      help: 'Attempts of daybook_write_attempts_total that failed.',
      labelNames: ['sink'],
      registers,
    });
    this.#batches = new Counter({
      name: 'daybook_batches_written_total',
      help: 'Attempts of daybook_write_attempts_total that settled a batch. Their rows: daybook_records_total{result="written"}.',
      labelNames: ['sink'],
      registers,
    });
    this.#writeSeconds = new Histogram({
      name: 'daybook_batch_write_duration_seconds',
      help: 'Duration at the sink of attempts that settled a batch.',
      labelNames: ['sink'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    });
    this.#requests = new Counter({
      name: 'daybook_fetch_requests_total',
      help: 'Requests for a source by the status class of the final response after redirects, including robots.txt and token endpoints; error: no response.',
      labelNames: ['source', 'status_class'],
      registers,
    });
    this.#throttled = new Counter({
      name: 'daybook_throttled_seconds_total',
      help: 'Time that runs waited for rate limits, Retry-After and a slot at a host; a wait counts when it is decided or over.',
      labelNames: ['source'],
      registers,
    });
    this.#runSeconds = new Histogram({
      name: 'daybook_run_duration_seconds',
      help: 'Duration of runs from start to receipt, including waits and outages; backfill windows do not count as runs.',
      labelNames: ['source', 'outcome'],
      buckets: [0.1, 0.5, 1, 5, 15, 60, 300, 1800],
      registers,
    });
    const build = new Gauge({
      name: 'daybook_build_info',
      help: 'Always 1; the labels show the version.',
      labelNames: ['version', 'node'],
      registers,
    });
    build.set({ version, node: process.versions.node }, 1);
    for (const sink of sinks) {
      for (const counter of [this.#attempts, this.#failures, this.#batches]) counter.inc({ sink }, 0);
      this.#writeSeconds.zero({ sink });
    }
    collectDefaultMetrics({ register: this.registry });
    for (const name of misnamed) this.registry.removeSingleMetric(name);
  }

  /** The counters as text. Series of sources that are new to the configuration begin at 0, so that no increase is missed. */
  async text(): Promise<string> {
    for (const source of this.#labels.names()) this.#begin(source);
    return this.registry.metrics();
  }

  fetched(source: string, counts: FetchCounts): void {
    const label = this.#begin(this.#labels.of(source));
    for (const result of fetchResults)
      this.#records.inc({ source: label, sink: fetchStage, result }, counts[result] ?? 0);
  }

  settled(source: string, sink: Sink, counts: SinkCounts): void {
    const label = this.#begin(this.#labels.of(source));
    for (const result of sinkResults) this.#records.inc({ source: label, sink, result }, counts[result]);
  }

  deferred(source: string, sink: Sink, records: number): void {
    this.#records.inc({ source: this.#begin(this.#labels.of(source)), sink, result: 'deferred' }, records);
  }

  throttled(source: string, waitMs: number): void {
    if (waitMs > 0) this.#throttled.inc({ source: this.#begin(this.#labels.of(source)) }, waitMs / 1_000);
  }

  answered(source: string, status: number | null): void {
    // The webhook of alerts uses the same client, and is not a source.
    if (!this.#labels.has(source)) return;
    this.#requests.inc({ source: this.#begin(source), status_class: classOf(status) });
  }

  ran({ source, outcome, startedAt, finishedAt }: Receipt | FailedReceipt): void {
    const seconds = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000;
    this.#runSeconds.observe({ source: this.#labels.of(source), outcome }, Math.max(0, seconds));
  }

  attempted(sink: Sink): void {
    this.#attempts.inc({ sink });
  }

  failed(sink: Sink): void {
    this.#failures.inc({ sink });
  }

  wrote(sink: Sink, milliseconds: number): void {
    this.#batches.inc({ sink });
    this.#writeSeconds.observe({ sink }, milliseconds / 1_000);
  }

  #begin(source: string): string {
    if (this.#known.has(source)) return source;
    this.#known.add(source);
    for (const result of fetchResults) this.#records.inc({ source, sink: fetchStage, result }, 0);
    for (const sink of sinks) for (const result of sinkResults) this.#records.inc({ source, sink, result }, 0);
    for (const status_class of statusClasses) this.#requests.inc({ source, status_class }, 0);
    this.#throttled.inc({ source }, 0);
    return source;
  }
}

function classOf(status: number | null): (typeof statusClasses)[number] {
  const found = statusClasses.find((name) => status !== null && name.startsWith(String(Math.floor(status / 100))));
  return found ?? 'error';
}
