// A running product with its API and a bare worker beside it, and the measurement of some polls in a row.
import { setTimeout as sleep } from 'node:timers/promises';
import { costOf, segmentsOf } from '../support/history.js';
import { heartbeatsSoFar } from '../support/heartbeats.js';
import { processMs } from '../support/processor-time.js';
import { RunningProduct } from '../support/running-product.js';
import { runScheduled, scheduledStarts } from '../support/scheduled-start.js';
import { runBare, startBareWorker } from './bare.js';
import { assertStored } from './cases.js';
import { pollConfig, startPollOrigin } from './poll-origin.js';

/** The bare workflow beside the polls. */
export const bareCase = { name: 'bare', title: 'bare workflow', polls: 20 };

/** What a server still does after a run has ended, e.g. for its list of runs. */
const afterMs = 200;

export class PolledProduct {
  /** What the figures are headed by. */
  name;
  #origin;
  #product;
  #bare;
  #starts;

  static async start({ name, root }, bundleFile) {
    const polled = new PolledProduct();
    polled.name = name;
    polled.#origin = await startPollOrigin();
    try {
      polled.#product = await RunningProduct.start(root, pollConfig(polled.#origin.port));
      polled.#starts = await scheduledStarts(polled.#product.client);
      polled.#bare = await startBareWorker(polled.#product.temporalAddress, bundleFile);
    } catch (error) {
      await polled.stop();
      throw error;
    }
    return polled;
  }

  /** Processor time that the stack uses while nothing happens, in ms a second. */
  async idle(seconds) {
    const before = this.#product.processorMs();
    await sleep(seconds * 1000);
    const after = this.#product.processorMs();
    return Object.fromEntries(Object.keys(after).map((part) => [part, (after[part] - before[part]) / seconds]));
  }

  /** Runs a case's polls one after the other. Times are by poll. */
  async measure(one) {
    const isBare = one === bareCase;
    const { client, http } = this.#product;
    const worker = () => (isBare ? processMs(this.#bare.pid) : this.#product.processorMs().worker);
    const heartbeats = isBare ? null : await heartbeatsSoFar(http);
    const before = { ...this.#product.processorMs(), worker: worker() };
    const runs = [];
    for (let n = 0; n < one.polls; n++) {
      runs.push(isBare ? await runBare(client) : await runScheduled(client, this.#starts.get(one.name)));
    }
    await sleep(afterMs);
    const after = { ...this.#product.processorMs(), worker: worker() };
    if (!isBare)
      assertStored(
        one,
        runs.map(({ result }) => result),
      );
    const costs = [];
    for (const { workflowId, runId } of runs) costs.push(costOf((await segmentsOf(client, workflowId, runId)).flat()));
    const perPoll = (part) => (after[part] - before[part]) / one.polls;
    const heartbeatsAfter = isBare ? null : await heartbeatsSoFar(http);
    return {
      costs,
      batches: isBare ? null : (runs.at(-1).result.batches ?? null),
      heartbeats: heartbeats === null ? null : (heartbeatsAfter - heartbeats) / one.polls,
      cpuMs: { worker: perPoll('worker'), temporal: perPoll('temporal'), postgres: perPoll('postgres') },
    };
  }

  async stop() {
    await this.#bare?.stop();
    await this.#product?.stop();
    this.#origin.close();
  }
}
