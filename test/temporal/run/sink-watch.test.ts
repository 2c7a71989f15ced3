import { fileURLToPath } from 'node:url';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { DeliverBatchesInput, DeliverBatchesResult } from '../../../src/activities/delivery/deliver-batches.ts';
import { sinkAnswers } from '../../../src/domain/names.ts';
import { noCounts } from '../../../src/domain/run/receipt.ts';
import { billedEvents } from '../../support/billed-events.ts';
import { until } from '../../support/until.ts';

const taskQueue = `sink-watch-${process.pid}`;
const everyMs = 200;
let client: Client;
let connection: NativeConnection;
let worker: Worker;
let running: Promise<void>;
/** What the activities do. */
let sink: {
  isAwaited: boolean;
  problem: string | null;
  /** Called while deliverers are signalled. */
  whileSignalling: () => Promise<void>;
};
let deliver: (input: DeliverBatchesInput) => Promise<Partial<DeliverBatchesResult>>;

beforeAll(async () => {
  const address = inject('temporalAddress');
  client = new Client({ connection: await Connection.connect({ address }) });
  connection = await NativeConnection.connect({ address });
  worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle: { codePath: fileURLToPath(new URL('../../../dist/workflow-bundle.js', import.meta.url)) },
    activities: {
      probeSink: async () => ({ isAwaited: sink.isAwaited, problem: sink.problem }),
      resumeDeliveries: async () => {
        await sink.whileSignalling();
        return { deliverers: 3 };
      },
      deliverBatches: async (input: DeliverBatchesInput) => ({
        delivered: 0,
        counts: noCounts,
        left: 0,
        searchAttribute: false,
        ...(await deliver(input)),
      }),
    },
  });
  running = worker.run();
});
afterAll(async () => {
  worker.shutdown();
  await running;
  await client.connection.close();
  await connection.close();
});
beforeEach(() => {
  sink = { isAwaited: true, problem: null, whileSignalling: async () => {} };
});

let started = 0;
const start = (type: string, input: object): Promise<WorkflowHandle> =>
  client.workflow.start(type, { workflowId: `${type}-${process.pid}-${started++}`, taskQueue, args: [input] });
const count = async (handle: WorkflowHandle, step: string) =>
  (await billedEvents(handle)).filter((one) => one === step).length;

describe('the watch of a sink', () => {
  test('signals the deliverers once the sink is available, and ends', async () => {
    sink.problem = 'SinkUnavailable: refused';
    const watch = await start('sinkWatch', { sink: 'postgres', everyMs });
    await until('it has probed three times', async () => (await count(watch, 'probeSink')) >= 3);
    expect(await count(watch, 'resumeDeliveries')).toBe(0);
    sink.problem = null;
    expect(await watch.result()).toMatchObject({ deliverers: 3 });
  });

  test('ends if nothing is deferred any more', async () => {
    sink.isAwaited = false;
    const watch = await start('sinkWatch', { sink: 'csv', everyMs });
    expect(await watch.result()).toEqual({ probes: 1, deliverers: 0 });
  });

  test('continues if a deliverer asks for it while others are signalled: it may have been too late for that one', async () => {
    let times = 0;
    let ask = async () => {};
    sink.whileSignalling = async () => {
      if (++times < 4) await ask();
    };
    const watch = await start('sinkWatch', { sink: 'postgres', everyMs });
    ask = () => watch.signal('watch');
    expect(await watch.result()).toEqual({ probes: 4, deliverers: 12 });
  });

  test('refuses an input that names no sink', async () => {
    const watch = await start('sinkWatch', { sink: 'mysql' });
    await expect(watch.result()).rejects.toMatchObject({ cause: { type: 'InvalidInput' } });
  });
});

describe('a deliverer that finds its sink unavailable', () => {
  const outage = { outage: 'SinkUnavailable: refused', left: 2 };

  test('waits for the watch: signals of new batches do not make it try', async () => {
    const asked: DeliverBatchesInput[] = [];
    deliver = async (input) => {
      asked.push(input);
      return asked.length === 1 ? outage : { delivered: 2 };
    };
    const deliverer = await start('deliver', { sink: 'postgres', source: 'one' });
    await until('it waits', async () => (await count(deliverer, 'timer')) === 1);
    for (let n = 0; n < 5; n++) await deliverer.signal('deliver');
    for (const odd of [null, 7, 'sinkAnswers', [], {}, { sinkAnswers: 'yes' }]) await deliverer.signal('deliver', odd);
    await until('they have been read', async () => {
      const { events } = await deliverer.fetchHistory();
      return events?.at(-1)?.workflowTaskCompletedEventAttributes;
    });
    expect(asked).toEqual([{ sink: 'postgres', source: 'one', reportRefusals: true, reportOutage: true }]);
    await deliverer.signal('deliver', sinkAnswers);
    expect(await deliverer.result()).toMatchObject({ batches: 2 });
    expect(asked).toHaveLength(2);
  });

  test('tries again at once if the watch signalled while it tried', async () => {
    let tries = 0;
    let signal = async () => {};
    deliver = async () => {
      if (++tries > 1) return { delivered: 1 };
      await signal();
      return outage;
    };
    const workflowId = `deliver-${process.pid}-early`;
    signal = () => client.workflow.getHandle(workflowId).signal('deliver', sinkAnswers);
    const deliverer = await client.workflow.start('deliver', {
      workflowId,
      taskQueue,
      args: [{ sink: 'csv', source: 'one' }],
    });
    expect(await deliverer.result()).toMatchObject({ batches: 1 });
  });

  test('ends if its batches were delivered otherwise', async () => {
    deliver = async () => ({ ...outage, left: 0 });
    const deliverer = await start('deliver', { sink: 'csv', source: 'one' });
    expect(await deliverer.result()).toMatchObject({ batches: 0 });
  });
});
