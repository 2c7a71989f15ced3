import {
  condition,
  continueAsNew,
  defineSignal,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { detailsTable } from '../domain/details-table.ts';
import { deliverSignalName } from '../domain/names.ts';
import { addCounts, noCounts, sinks, type Sink, type SinkCounts } from '../domain/receipt.ts';
import { sourceNamePattern } from '../domain/source-name.ts';
import { deliveryActivities } from './activities.ts';
import { bearSource } from './bear-source.ts';
import { failureOf, workflowFailure, type RunFailure } from './run-failure.ts';

export interface DeliverInput {
  readonly sink: Sink;
  readonly source: string;
  /** What earlier segments delivered. */
  readonly delivered?: Delivered;
}

/** What a deliverer has done: its result. */
export interface Delivered {
  readonly batches: number;
  readonly counts: SinkCounts;
}

/** Carries nothing: there may be new batches to deliver. */
const deliverSignal = defineSignal(deliverSignalName);

/** How long a deliverer waits after an activity that gave up, before it begins another one. */
const restMs = 30_000;

/**
 * Delivers the batches of a source that a sink did not take, as soon as it takes them, however long that is.
 *
 * Id: `deliver-<sink>-<source>`. Ends when no batch waits and no signal came since it looked.
 */
export async function deliver(input: DeliverInput): Promise<Delivered> {
  const { sink, source } = checkedInput(input);
  let delivered = input.delivered ?? { batches: 0, counts: noCounts };
  let told = false;
  const bear = bearOnce();
  setHandler(deliverSignal, () => void (told = true));
  let left: number | null = null;
  do {
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof deliver>({ sink, source, delivered });
    told = false;
    try {
      const result = await deliveryActivities(source).deliverBatches({ sink, source });
      left = result.left;
      bear(source, result.searchAttribute);
      delivered = {
        batches: delivered.batches + result.delivered,
        counts: addCounts(delivered.counts, result.counts),
      };
      show(sink, source, delivered, left, null);
    } catch (error) {
      if (isCancellation(error)) throw error;
      const failure = failureOf(error, 'deliverBatches');
      log.warn('Sink does not take what waits, it is tried again', { source, sink, error: failure.message });
      show(sink, source, delivered, left, failure);
      left = 1;
      // New batches are no reason to hurry: the sink is away.
      await condition(() => false, restMs);
    }
  } while (left > 0 || told);
  return delivered;
}

function show(
  sink: Sink,
  source: string,
  { batches, counts }: Delivered,
  left: number | null,
  failure: RunFailure | null,
): void {
  const rows: [string, string][] = [
    ['source', source],
    ['sink', sink],
    ['batches delivered', String(batches)],
    ['records written', String(counts.written)],
    ['batches that wait', left === null ? 'unknown' : String(left)],
    ...(failure
      ? [['last failure', `${failure.type}: ${failure.message}`.replaceAll('|', '\\|')] satisfies [string, string]]
      : []),
  ];
  setCurrentDetails(detailsTable(rows));
}

/** Histories of version 0.1.0 say nothing of the search attribute. */
function bearOnce(): (source: string, mayBear: boolean | undefined) => void {
  let isBorne = false;
  return (source, mayBear) => {
    if (mayBear && !isBorne) bearSource(source);
    isBorne ||= mayBear === true;
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
