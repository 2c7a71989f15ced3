import { isObject } from '../../domain/is-object.ts';

/** What is wrong with `schedule.probe` of a source. */
export interface ProbeProblem {
  /** Path of the key within the source. */
  readonly key: readonly string[];
  readonly message: string;
}

/** Keys of a schedule that a group of sources cannot have, because each of them might have another value. */
const ownKeys = ['offset', 'jitter', 'catchup_window', 'overlap', 'timezone', 'pause_on_failure'];

const types: readonly unknown[] = ['http_json', 'http', 'rss'];

/**
 * What is wrong with a source that is to be probed.
 * @param source as written, with what it inherits: defaults of keys would hide what was set
 */
export function probeProblems(source: Readonly<Record<string, unknown>>): ProbeProblem[] {
  const { schedule } = source;
  if (!isObject(schedule) || schedule['probe'] !== true) return [];
  const isSet = (key: string) => schedule[key] !== undefined;
  const beside = ownKeys.filter(isSet).map((key) => ({
    key: ['schedule', key],
    message: `found ${key} beside probe: true, expected none, because sources that are probed share one schedule; remove ${key} (${key}: null removes that of defaults), or set probe: false`,
  }));
  const cron = isSet('cron')
    ? [{ key: ['schedule', 'cron'], message: 'found cron beside probe: true, expected every; or set probe: false' }]
    : [];
  const problem = sourceProblem(source);
  return [...cron, ...beside, ...(problem === null ? [] : [{ key: ['schedule', 'probe'], message: problem }])];
}

/** A document that did not change says nothing about others. */
function sourceProblem({
  type,
  format,
  paginator,
  incremental,
  runs_on: label,
  for_each: each,
  export: job,
}: Readonly<Record<string, unknown>>): string | null {
  if (type === 'http' && format !== 'json') {
    return 'found probe: true for type http without format: json, expected format: json, or type rss; set probe: false';
  }
  if (!types.includes(type)) {
    return `found probe: true for type ${typeof type === 'string' ? type : 'unknown'}, expected type http_json or rss; set probe: false`;
  }
  if (typeof label === 'string') {
    return `found probe: true beside runs_on, expected a source that any worker can ask; set probe: false, or remove runs_on`;
  }
  if (each !== undefined) {
    return 'found probe: true beside for_each, expected one address that does not change; set probe: false, or remove for_each';
  }
  if (isObject(job)) {
    return 'found probe: true beside export, expected one address that does not change; set probe: false, or remove export';
  }
  const paging = isObject(paginator) ? paginator['type'] : undefined;
  if (typeof paging === 'string' && paging !== 'single_page') {
    return `found probe: true beside paginator ${paging}, expected one address that does not change; set probe: false, or remove paginator`;
  }
  if (incremental === undefined) return null;
  return 'found probe: true beside incremental, expected one address that does not change; set probe: false, or remove incremental';
}
