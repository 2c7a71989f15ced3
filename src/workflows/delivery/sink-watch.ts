import { defineSignal, log, setCurrentDetails, setHandler, sleep, workflowInfo } from '@temporalio/workflow';
import { isObject } from '../../domain/is-object.ts';
import { watchSignalName } from '../../domain/names.ts';
import { detailsTable } from '../../domain/run/receipt-table.ts';
import { sinks, type Sink } from '../../domain/run/sink.ts';
import { watchActivities } from '../activities.ts';
import { workflowFailure } from '../support/failure.ts';
import { continueUnlessCancelled } from '../support/next-history.ts';

export interface SinkWatchInput {
  readonly sink: Sink;
  /** Between two probes. @default 30 s */
  readonly everyMs?: number;
  /** What earlier segments did. */
  readonly watched?: Watched;
}

/** The result of a watch. */
export interface Watched {
  readonly probes: number;
  /** Deliverers that were signalled, each time. */
  readonly deliverers: number;
}

/** Carries nothing: a deliverer waits. */
const watchSignal = defineSignal(watchSignalName);

const defaultEveryMs = 30_000;

/**
 * Probes an unavailable sink, once for all deliverers that wait for it, and signals them when it is available again.
 *
 * Id: `sink-watch-<sink>`. Ends when no batch is deferred, or all deliverers were signalled and none has asked since.
 */
export async function sinkWatch(input: SinkWatchInput): Promise<Watched> {
  const { sink, everyMs = defaultEveryMs, watched = { probes: 0, deliverers: 0 } } = checkedInput(input);
  const { probeSink, resumeDeliveries } = watchActivities();
  let { probes, deliverers } = watched;
  let isAsked = false;
  setHandler(watchSignal, () => void (isAsked = true));
  show(sink, { probes, deliverers }, null);
  do {
    if (workflowInfo().continueAsNewSuggested) {
      await continueUnlessCancelled<typeof sinkWatch>({ sink, everyMs, watched: { probes, deliverers } });
    }
    // The deliverer that asked has just found it unavailable.
    await sleep(everyMs);
    // Who asked before is among those that are signalled below; who asks later may not be.
    isAsked = false;
    const { isAwaited, problem } = await probeSink({ sink });
    probes++;
    if (problem !== null) {
      isAsked = true;
      log.info('Sink is still unavailable', { sink, error: problem });
    } else if (isAwaited) {
      deliverers += (await resumeDeliveries({ sink })).deliverers;
    }
    show(sink, { probes, deliverers }, problem);
    // No step may come in between: a signal would be lost.
  } while (isAsked);
  return { probes, deliverers };
}

function show(sink: Sink, { probes, deliverers }: Watched, problem: string | null): void {
  const rows: [string, string][] = [
    ['sink', sink],
    ['probes', String(probes)],
    ['deliverers signalled', String(deliverers)],
    ...(problem === null ? [] : [['last failure', problem] satisfies [string, string]]),
  ];
  setCurrentDetails(detailsTable(rows));
}

function checkedInput(input: unknown): SinkWatchInput {
  const { sink, everyMs, watched } = (isObject(input) ? input : {}) as Partial<SinkWatchInput>;
  const known = sinks.find((name) => name === sink);
  const isDuration = everyMs === undefined || (Number.isSafeInteger(everyMs) && everyMs > 0);
  if (known && isDuration) {
    return {
      sink: known,
      ...(everyMs === undefined ? {} : { everyMs }),
      ...(watched === undefined ? {} : { watched }),
    };
  }
  throw workflowFailure({
    type: 'InvalidInput',
    message: `sinkWatch: found input ${JSON.stringify(input)?.slice(0, 500)}, expected {"sink": "csv" or "postgres", "everyMs": 30000}`,
  });
}
