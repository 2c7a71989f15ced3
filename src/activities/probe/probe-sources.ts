import { Context, log } from '@temporalio/activity';
import { isInGroup, maxProbed } from '../../config/schedule/probe-groups.ts';
import type { SourceConfig } from '../../config/schema/source-schemas.ts';
import { inParallel } from '../../domain/in-parallel.ts';
import { Instance } from '../../domain/instance.ts';
import { noSource } from '../../domain/names.ts';
import { formatDuration } from '../../domain/time/duration.ts';
import { noneProbed, type ProbeCounts, type ProbeGroupInput } from '../../domain/run/probe.ts';
import { readPause, readPauses } from '../../store/run/pauses.ts';
import { hasEnded } from '../../temporal/running-workflows.ts';
import { sourcesWithOpenRuns, startProbedRun } from '../../temporal/start-run.ts';
import { hasAlertsToSend } from '../alerts/record-alerts.ts';
import { settleConfig, type ConfigAlertTools } from '../alerts/settle-config.ts';
import type { Uses } from '../support/dependencies.ts';
import { probeSource, type ProbedSource, type ProbeTools } from './probe-source.ts';
import { settleStoreAlerts } from './probe-alerts.ts';
import { unchangedReceipt } from './unchanged-receipt.ts';

export interface ProbeSourcesInput {
  readonly group: ProbeGroupInput;
  /** The time of the probe, as its id and those of the runs have it. */
  readonly at: string;
  /** When the probe began. */
  readonly startedAt: string;
  /** The last source that was probed already; null = none. */
  readonly after: string | null;
  /** What the probe before this one has started: the server's list of open runs may lag. */
  readonly before: { readonly at: string; readonly started: readonly string[] } | null;
}

export interface ProbedSources extends ProbeCounts {
  readonly started: readonly string[];
  /** The last source that was probed, where there are more; else null. */
  readonly next: string | null;
  /** There are alerts to send. */
  readonly notify: boolean;
}

type Tools = ProbeTools & ConfigAlertTools & Uses<'databaseId' | 'searchAttribute' | 'notePoll' | 'alertWebhook'>;

/** Requests that are sent at once. */
const maxRequests = 100;
/** Runs that are started at once: hundreds would occupy a busy server completely. */
const maxStarts = 10;
/** How long the server's list may lag. */
const lagMs = 30_000;

/**
 * Asks the sources of a group whether they have changed, and starts runs of those that have, or that a request cannot answer for. Safe
 * to repeat: asking changes nothing, and for each time a source gets one run at most.
 */
export function createProbeSources(dependencies: Tools) {
  return async function probeSources(input: ProbeSourcesInput): Promise<ProbedSources> {
    const { store } = dependencies;
    const { config } = dependencies.config.current();
    await settleConfig(dependencies);
    const members = config.sources
      .filter((source) => isInGroup(source, input.group) && source.name > (input.after ?? ''))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const part = members.slice(0, maxProbed);
    const alerts = await settleStoreAlerts(dependencies, part);
    const [busy, pauses] = [await busySources(input), await readPauses(store, new Date())];
    const surroundings = { config, databaseId: await dependencies.databaseId(), alerts };
    const counts: { -readonly [key in keyof ProbeCounts]: number } = { ...noneProbed };
    const runs: SourceConfig[] = [];
    await inParallel(part, maxRequests, async (source) => {
      if (pauses.has(source.name)) return void counts.paused++;
      if (busy.has(source.name)) return void counts.waiting++;
      const probed = await probeSource(dependencies, source, surroundings);
      counts[probed.found]++;
      if (probed.asked) counts.asked++;
      if (probed.found === 'unchanged') noteUnchanged(dependencies, input, source, probed);
      else if (probed.found !== 'waiting') runs.push(source);
    });
    const started = await startRuns(dependencies, input, runs);
    const { everyMs, shard } = input.group;
    log.info('Sources probed', { every: formatDuration(everyMs), shard, ...counts, started: started.length });
    const next = members.length > part.length ? (part.at(-1)?.name ?? null) : null;
    return { ...counts, started, next, notify: await hasAlertsToSend(dependencies, noSource) };
  };
}

/** Sources that a run is open of. */
async function busySources({ before }: ProbeSourcesInput): Promise<ReadonlySet<string>> {
  const { client, instance } = here();
  const busy = new Set(await sourcesWithOpenRuns(client, instance));
  if (before === null || Date.now() - Date.parse(before.at) > lagMs) return busy;
  await inParallel(before.started, maxStarts, async (source) => {
    if (busy.has(source) || (await hasEnded(client, instance.probedRunId(source, before.at)))) return;
    busy.add(source);
  });
  return busy;
}

/** The instance and client of the probe that is running. */
function here() {
  const { client, info } = Context.current();
  return { client, instance: Instance.ofQueue(info.taskQueue) };
}

/** Starts a run of each source. @returns the names of those whose run did not exist */
async function startRuns(tools: Tools, { at }: ProbeSourcesInput, sources: readonly SourceConfig[]): Promise<string[]> {
  const { client, instance } = here();
  const started: string[] = [];
  await inParallel(sources, maxStarts, async ({ name }) => {
    // It may have been paused while others were asked.
    if (await readPause(tools.store, name, new Date())) return;
    const hasAttribute = tools.searchAttribute();
    if (await startProbedRun(client, instance, name, { at, hasAttribute })) started.push(name);
  });
  return started.sort();
}

/** The poll leaves no receipt in the store; `status`, metrics and `runs` know it from the worker's notes. */
function noteUnchanged(
  { notePoll }: Tools,
  { startedAt }: ProbeSourcesInput,
  { name }: SourceConfig,
  { state }: ProbedSource,
): void {
  const { workflowId, runId } = Context.current().info.workflowExecution ?? { workflowId: '', runId: '' };
  if (!state) return;
  const ref = { source: name, workflowId, firstRunId: runId };
  notePoll({ receipt: unchangedReceipt(ref, state, startedAt, new Date()), state });
}
