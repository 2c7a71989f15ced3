import {
  condition,
  defineSignal,
  isCancellation,
  log,
  patched,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { isObject } from '../../domain/is-object.ts';
import { detailsTable } from '../../domain/run/receipt-table.ts';
import { deliverSignalName } from '../../domain/names.ts';
import { addCounts, noCounts, type SinkCounts } from '../../domain/run/receipt.ts';
import { sinks, type Sink } from '../../domain/run/sink.ts';
import { sourceNamePattern } from '../../domain/plan/source-plan.ts';
import { deliveryActivities } from '../activities.ts';
import { setSourceAttribute } from '../support/search-attribute.ts';
import { failureOf, workflowFailure } from '../support/failure.ts';
import { continueUnlessCancelled } from '../support/next-history.ts';

export interface DeliverInput {
  readonly sink: Sink;
  readonly source: string;
  /** What earlier segments delivered. */
  readonly delivered?: Delivered;
}

/** The result of a deliverer. */
export interface Delivered {
  readonly batches: number;
  readonly counts: SinkCounts;
}

/** There may be new batches to deliver; or, from the watch of the sink, it is available again. */
const deliverSignal = defineSignal<[news?: unknown]>(deliverSignalName);

/** How long a deliverer waits after an activity that gave up, before it begins another one. */
const restMs = 30_000;
/** The longest wait if the sink answers, but keeps refusing all deferred batches. */
const maxRestMs = 120_000;
/** How long a deliverer waits for the watch of an unavailable sink: one that was terminated signals nothing. */
const lookMs = 900_000;

/**
 * Delivers the deferred batches of a source as soon as the sink accepts them, however long that takes. While the sink is unavailable
 * it waits for the workflow `sinkWatch`.
 *
 * Id: `deliver-<sink>-<source>`. Ends when no batch is deferred and no signal came since its last check.
 */
export async function deliver(input: DeliverInput): Promise<Delivered> {
  const { sink, source } = checkedInput(input);
  let delivered = input.delivered ?? { batches: 0, counts: noCounts };
  let isSignalled = false;
  let isAvailable = false;
  const setAttribute = setAttributeOnce();
  setHandler(deliverSignal, (news) => {
    isSignalled = true;
    isAvailable ||= isObject(news) && news['sinkAnswers'] === true;
  });
  // Once, at the start: deliverers of 0.2.0 continue as they began.
  const isWatched = patched('sink-watch');
  let left: number | null = null;
  let fruitless = 0;
  do {
    if (workflowInfo().continueAsNewSuggested)
      await continueUnlessCancelled<typeof deliver>({ sink, source, delivered });
    isSignalled = false;
    isAvailable = false;
    try {
      const result = await deliveryActivities(source).deliverBatches({
        sink,
        source,
        reportRefusals: true,
        ...(isWatched ? { reportOutage: true } : {}),
      });
      left = result.left;
      setAttribute(source, result.searchAttribute);
      delivered = {
        batches: delivered.batches + result.delivered,
        counts: addCounts(delivered.counts, result.counts),
      };
      const { refused, outage } = result;
      show(sink, source, delivered, left, outage ?? (refused ? `${refused.batches} refused, ${refused.reason}` : null));
      fruitless = refused && result.delivered === 0 ? fruitless + 1 : 0;
      // Activities of version 0.2.0 fail where a batch is refused.
      if (refused && (refused.triedAll || result.delivered === 0)) {
        log.warn('Sink refuses deferred batches; they are retried', {
          source,
          sink,
          batches: refused.batches,
          error: refused.reason,
        });
        // The sink is available: it may accept new ones.
        await condition(() => isSignalled, Math.min(restMs * 2 ** Math.max(0, fruitless - 1), maxRestMs));
      }
      if (outage !== undefined && left > 0) {
        log.warn('Sink is unavailable; delivery continues once it is available', { source, sink, error: outage });
        // New batches are no reason to try: one prober is enough.
        await condition(() => isAvailable, lookMs);
      }
    } catch (error) {
      if (isCancellation(error)) throw error;
      const failure = failureOf(error, 'deliverBatches');
      log.warn('Delivery failed; it is retried', { source, sink, error: failure.message });
      show(sink, source, delivered, left, `${failure.type}: ${failure.message}`);
      left = 1;
      // New batches are no reason to hurry: the sink is unavailable.
      await condition(() => false, restMs);
    }
  } while (left > 0 || isSignalled);
  return delivered;
}

function show(
  sink: Sink,
  source: string,
  { batches, counts }: Delivered,
  left: number | null,
  failure: string | null,
): void {
  const rows: [string, string][] = [
    ['source', source],
    ['sink', sink],
    ['batches delivered', String(batches)],
    ['records written', String(counts.written)],
    ['deferred batches', left === null ? 'unknown' : String(left)],
    ...(failure === null ? [] : [['last failure', failure] satisfies [string, string]]),
  ];
  setCurrentDetails(detailsTable(rows));
}

/** Histories of version 0.1.0 do not set the search attribute. */
function setAttributeOnce(): (source: string, isKnown: boolean | undefined) => void {
  let isSet = false;
  return (source, isKnown) => {
    if (isKnown && !isSet) setSourceAttribute(source);
    isSet ||= isKnown === true;
  };
}

function checkedInput(input: unknown): DeliverInput {
  const { sink, source } = (typeof input === 'object' && input !== null ? input : {}) as Partial<DeliverInput>;
  const known = sinks.find((name) => name === sink);
  if (known && typeof source === 'string' && sourceNamePattern.test(source)) return { sink: known, source };
  throw workflowFailure({
    type: 'InvalidInput',
    message: `deliver: found input ${JSON.stringify(input)?.slice(0, 500)}, expected {"sink": "csv" or "postgres", "source": "<name>"}`,
  });
}
