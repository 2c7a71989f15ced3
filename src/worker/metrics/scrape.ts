import { Registry } from 'prom-client';
import type { ConfigFile } from '../../config/file/config-file.ts';
import type { Instance } from '../../domain/instance.ts';
import type { Config } from '../../config/file/parse-config.ts';
import type { Observed, StatusMonitor } from '../../status/status-monitor.ts';
import type { WorkerCounters } from './counters.ts';
import { gauges } from './gauges.ts';
import { seriesText } from './series-text.ts';

/** Of the text of a scrape. */
export const metricsContentType = Registry.PROMETHEUS_CONTENT_TYPE;

export interface ScrapeOptions {
  readonly counters: WorkerCounters;
  readonly watch: StatusMonitor;
  readonly instance: Instance;
  readonly config: ConfigFile;
  /** Where Temporal's SDK serves its own metrics; null = nowhere. */
  readonly sdkMetrics: string | null;
}

/** How long to wait for the facts of the gauges: PostgreSQL counts as unavailable after 5 s, and Prometheus waits for 10 s by default. */
const timeoutMs = 6_000;
const sdkMs = 1_000;

/** All metrics as text: of this worker, of what workers share, and of Temporal's SDK. Never fails. */
export async function scrape({ counters, watch, instance, config, sdkMetrics }: ScrapeOptions): Promise<string> {
  const [observed, sdk] = await Promise.all([watch.observe(timeoutMs), readSdkMetrics(sdkMetrics)]);
  // A label `instance` would collide with Prometheus' own, which distinguishes targets.
  const labels = instance.labelled('daybook_instance');
  counters.registry.setDefaultLabels(labels);
  return `${await counters.text()}\n${gaugesText(observed, config.lastGood(), labels)}\n${sdk}`;
}

export function gaugesText(
  observed: Observed,
  config: Config,
  labelsOfAll: Readonly<Record<string, string>> = {},
): string {
  const texts = gauges.map(({ name, type, help, labels, own, values }) => {
    const shared = own ? '' : ' All workers report the same: use max(), not sum().';
    const metric = { name, help: `${help}${shared}`, labels, values: values(observed, config) };
    return seriesText({ ...metric, type: type ?? 'gauge' }, labelsOfAll);
  });
  return texts.join('\n');
}

/** Metrics that the SDK does not return in time are left out. */
async function readSdkMetrics(url: string | null): Promise<string> {
  if (url === null) return '';
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(sdkMs) });
    return response.ok ? await response.text() : '';
  } catch {
    return '';
  }
}
