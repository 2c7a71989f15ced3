import type { Client, WorkflowExecutionInfo, WorkflowHandle } from '@temporalio/client';
import { counted } from '../domain/text/counted.ts';
import { describeSchedule } from './schedules/describe-schedule.ts';
import type { Instance } from '../domain/instance.ts';
import {
  backfillType,
  deliverType,
  rebuildJournalType,
  replayCsvType,
  replayLettersType,
  scrapeRunType,
  sourceSearchAttribute,
} from '../domain/names.ts';
import { sinks } from '../domain/run/sink.ts';
import { CannotStart } from '../domain/errors.ts';

/** Workflows that fetch, and accept pause and resume. */
const fetchingTypes = [scrapeRunType, backfillType];
/** Workflows that may store records, or write states or the journal. */
const storingTypes = [...fetchingTypes, deliverType, replayCsvType, replayLettersType, rebuildJournalType];
/** Those of them that may concern any source. */
const journalTypes: readonly string[] = [replayCsvType, rebuildJournalType];

/** Ids that a message names. */
const maxListed = 3;

/** Active runs and backfills of a source, also those started by hand under their own ids. */
export async function openWorkflowsOf(client: Client, instance: Instance, source: string): Promise<WorkflowHandle[]> {
  const open = await openWorkflows(client, instance, fetchingTypes, source);
  // Without run id: a workflow that has continued in a new history receives it there.
  return open.map((workflowId) => client.workflow.getHandle(workflowId));
}

/**
 * Refuses a command that removes records while others may add some, or write states.
 * @param source null = of all sources
 * @throws CannotStart
 */
export async function assertNoneOpen(
  client: Client,
  instance: Instance,
  command: string,
  source: string | null,
): Promise<void> {
  const open = await openWorkflows(client, instance, storingTypes, source);
  if (open.length === 0) return;
  throw new CannotStart(
    `${command}: ${listed(open, 'open workflow')}${source === null ? '' : ` of ${source}`} must end first; ` +
      `pause ${source === null ? 'the sources' : 'it'} with ./daybook pause, and wait until they end, or cancel them: ` +
      'temporal workflow cancel --workflow-id …',
  );
}

/**
 * Reports workflows that began while a command removed records.
 * @throws CannotStart
 */
export async function assertNoneStarted(
  client: Client,
  instance: Instance,
  command: string,
  source: string | null,
): Promise<void> {
  const open = await openWorkflows(client, instance, storingTypes, source);
  if (open.length === 0) return;
  throw new CannotStart(
    `${command}: done, but ${listed(open, 'workflow')} started in the meantime; ` +
      'what they stored may be deleted but still known to the source state: wait until they end, and run the command again',
  );
}

/**
 * Refuses a command during which a schedule or a probe may start a run.
 * @param isProbedNow whether a source is probed, and not paused
 * @throws CannotStart
 */
export async function assertPaused(
  client: Client,
  instance: Instance,
  command: string,
  sources: readonly string[],
  isProbedNow: (source: string) => Promise<boolean>,
): Promise<void> {
  const unpaused: string[] = [];
  for (const source of sources)
    if ((await isProbedNow(source)) || (await isScheduled(client, instance, source))) unpaused.push(source);
  if (unpaused.length === 0) return;
  throw new CannotStart(
    `${command}: ${listed(unpaused, 'source')} must be paused, or may start a run in between; ` +
      unpaused.map((source) => `./daybook pause ${source} --reason '${command}'`).join('; '),
  );
}

async function isScheduled(client: Client, instance: Instance, source: string): Promise<boolean> {
  const found = await describeSchedule(client, instance.scrapeScheduleId(source));
  return found?.state.paused === false;
}

/** Ids of workflows in progress; those that replay CSV, or rebuild it, may be of any source. */
async function openWorkflows(
  client: Client,
  instance: Instance,
  types: readonly string[],
  source: string | null,
): Promise<string[]> {
  const anyType = types.map((type) => `WorkflowType = '${type}'`).join(' OR ');
  const found: string[] = [];
  const query = instance.query(`ExecutionStatus = 'Running' AND (${anyType})`);
  for await (const open of client.workflow.list({ query })) {
    if (source === null || isOf(instance, source, open)) found.push(open.workflowId);
  }
  return found;
}

function isOf(
  instance: Instance,
  source: string,
  { workflowId, type, searchAttributes }: WorkflowExecutionInfo,
): boolean {
  // A server that does not know the search attribute, or not yet, gives none: then ids are used.
  const borne = (searchAttributes[sourceSearchAttribute] ?? []) as unknown[];
  return (
    borne.includes(source) ||
    (journalTypes.includes(type) && borne.length === 0) ||
    instance.isRunOf(source, workflowId) ||
    instance.isReplayOf(source, workflowId) ||
    instance.isBackfillOf(source, workflowId) ||
    sinks.some((sink) => workflowId === instance.deliverId(sink, source))
  );
}

function listed(names: readonly string[], what: string): string {
  const rest = names.length > maxListed ? ', …' : '';
  return `${counted(names.length, what)} (${names.slice(0, maxListed).join(', ')}${rest})`;
}
