/** A metric with all its series. */
export interface SeriesOfMetric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly labels: readonly string[];
  /** Values of the labels, in their order, with the value. If labels repeat, the last value counts. */
  readonly values: Iterable<readonly [labels: readonly string[], value: number]>;
}

/**
 * A metric as Prometheus reads it. `prom-client` keeps each series as an object for further changes; with thousands of series that are
 * written once, this takes most of a scrape.
 * @param labelsOfAll labels of each series
 */
export function seriesText(metric: SeriesOfMetric, labelsOfAll: Readonly<Record<string, string>>): string {
  const { name, help, type, labels, values } = metric;
  const ofAll = Object.entries(labelsOfAll).map(([label, value]) => labelText(label, value));
  const series = new Map<string, number>();
  for (const [of, value] of values) {
    const texts = labels.map((label, index) => labelText(label, of[index] ?? ''));
    const all = ofAll.length === 0 ? texts : texts.concat(ofAll);
    series.set(all.length === 0 ? '' : `{${all.join(',')}}`, value);
  }
  let text = `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
  for (const [of, value] of series) text += `${name}${of} ${numberText(value)}\n`;
  return text;
}

function labelText(label: string, value: string): string {
  return `${label}="${escapeHelp(value).replaceAll('"', String.raw`\"`)}"`;
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`);
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
