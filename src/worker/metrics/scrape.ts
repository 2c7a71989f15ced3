import { Registry } from 'prom-client';
import type { ConfigFile } from '../../config/config-file.ts';
import type { Config } from '../../config/parse-config.ts';
import type { Observed, Watch } from '../status/watch.ts';
import type { WorkerCounters } from './counters.ts';
import { gauges } from './gauges.ts';

/** Of the text of a scrape. */
export const metricsContentType = Registry.PROMETHEUS_CONTENT_TYPE;

export interface ScrapeOptions {
  readonly counters: WorkerCounters;
  readonly watch: Watch;
  readonly config: ConfigFile;
  /** Where Temporal's SDK serves its own metrics; null = nowhere. */
  readonly sdkMetrics: string | null;
}

/** How long what the gauges tell is waited for: PostgreSQL is away after 5 s, and Prometheus waits for 10 s by default. */
const patienceMs = 6_000;
const sdkMs = 1_000;

/** All metrics as text: of this worker, of what workers share, and of Temporal's SDK. Never fails. */
export async function scrape({ counters, watch, config, sdkMetrics }: ScrapeOptions): Promise<string> {
  const [observed, sdk] = await Promise.all([watch.observe(patienceMs), readSdkMetrics(sdkMetrics)]);
  return `${await counters.text()}\n${gaugesText(observed, config.current().config)}\n${sdk}`;
}

/** Written by hand: there may be tens of thousands of series, and all of them are new each time. */
export function gaugesText(observed: Observed, config: Config): string {
  return gauges
    .map(({ name, help, labels, own, values }) => {
      const shared = own ? '' : ' All workers report the same: use max(), not sum().';
      let text = `# HELP ${name} ${help}${shared}\n# TYPE ${name} gauge\n`;
      for (const [of, value] of values(observed, config)) text += `${name}${labelsText(labels, of)} ${value}\n`;
      return text;
    })
    .join('\n');
}

function labelsText(labels: readonly string[], of: readonly string[]): string {
  let text = '';
  for (const [index, label] of labels.entries())
    text += `${text === '' ? '{' : ','}${label}="${escaped(of[index] ?? '')}"`;
  return text === '' ? '' : `${text}}`;
}

function escaped(value: string): string {
  if (!/[\\"\n]/.test(value)) return value;
  return value.replaceAll(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}

/** What the SDK does not say in time is left out. */
async function readSdkMetrics(url: string | null): Promise<string> {
  if (url === null) return '';
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(sdkMs) });
    return response.ok ? await response.text() : '';
  } catch {
    return '';
  }
}
