import { setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import {
  addProbed,
  noneProbed,
  type ProbeCounts,
  type ProbeGroupInput,
  type ProbeResult,
} from '../../domain/run/probe.ts';
import { detailsTable } from '../../domain/run/receipt-table.ts';
import { isObject } from '../../domain/is-object.ts';
import { noSource } from '../../domain/names.ts';
import { probeActivities } from '../activities.ts';
import { sendAlerts } from '../support/send-alerts.ts';
import { workflowFailure } from '../support/failure.ts';

/**
 * Asks the sources of a group whether they have changed, and starts a `scrapeRun` of each one that has.
 *
 * Id: `probe-<interval>-<shard>-<time>`, by its schedule. Ends with what it found.
 */
export async function probe(input: ProbeGroupInput): Promise<ProbeResult> {
  const group = checkedInput(input);
  const { startTime, lastResult } = workflowInfo();
  const at = timeOf();
  const before = readResult(lastResult);
  const { probeSources } = probeActivities();
  let counts: ProbeCounts = noneProbed;
  const started: string[] = [];
  let after: string | null = null;
  do {
    const part: Awaited<ReturnType<typeof probeSources>> = await probeSources({
      group,
      at,
      startedAt: startTime.toISOString(),
      after,
      before,
    });
    counts = addProbed(counts, part);
    for (const name of part.started) started.push(name);
    setCurrentDetails(details(counts, started));
    if (part.notify) await sendAlerts(noSource);
    after = part.next;
  } while (after !== null);
  return { at, ...counts, started };
}

/** The time that the schedule has written into the id; of one that was started otherwise, its start. */
function timeOf(): string {
  const { workflowId, startTime } = workflowInfo();
  const written = /-(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/.exec(workflowId)?.[1];
  return written ?? `${startTime.toISOString().slice(0, 19)}Z`;
}

/** The result of the probe before this one, as the schedule hands it over. */
function readResult(value: unknown): Pick<ProbeResult, 'at' | 'started'> | null {
  if (!isObject(value)) return null;
  const { at, started } = value;
  return typeof at === 'string' && Array.isArray(started) ? { at, started: started as string[] } : null;
}

/** Names that the details show. */
const maxShown = 20;

function details(counts: ProbeCounts, started: readonly string[]): string {
  const shown = started.slice(0, maxShown).join(', ') + (started.length > maxShown ? ', …' : '');
  return detailsTable([
    ['asked', String(counts.asked)],
    ['unchanged', String(counts.unchanged)],
    ['changed', String(counts.changed)],
    ['to be read again, or new', String(counts.due)],
    ['failed or slow', String(counts.failed)],
    ['runs started', `${started.length}${started.length > 0 ? `: ${shown}` : ''}`],
    ['left out: a run is open, or the source is not to be called yet', String(counts.waiting)],
    ['paused', String(counts.paused)],
  ]);
}

function checkedInput(input: unknown): ProbeGroupInput {
  const { everyMs, shard, shards } = (isObject(input) ? input : {}) as Partial<ProbeGroupInput>;
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (isCount(everyMs) && isCount(shard) && isCount(shards) && shard < shards) return { everyMs, shard, shards };
  throw workflowFailure({
    type: 'InvalidInput',
    message: `probe: found input ${JSON.stringify(input)?.slice(0, 500)}, expected {"everyMs": 60000, "shard": 0, "shards": 1}`,
  });
}
