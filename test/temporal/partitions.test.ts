import { randomUUID } from 'node:crypto';
import { expect, inject, onTestFinished, test } from 'vitest';
import { freshPollers } from '../../src/temporal/fresh-pollers.ts';
import { createNamespace } from '../support/servers/namespace.ts';
import { until } from '../support/until.ts';

/** The server refuses a poll without a deadline. */
const pollMs = 60_000;

test('a worker with one poll is found beside a worker with five, whichever partition its poll is at', async () => {
  const namespace = await createNamespace(inject('temporalAddress'), `partitions-${randomUUID()}`);
  const { client, name } = namespace;
  const { workflowService } = client;
  onTestFinished(() => namespace.close());
  const poll = (identity: string, queue: string, signal: AbortSignal) =>
    client.connection
      .withAbortSignal(signal, async () =>
        client.connection.withDeadline(Date.now() + pollMs, async () =>
          workflowService.pollActivityTaskQueue({ namespace: name, taskQueue: { name: queue }, identity }),
        ),
      )
      .catch(() => undefined);
  let rootAlone = 0;
  for (const queue of Array.from({ length: 10 }, (_, index) => `queue-${index}`)) {
    const over = new AbortController();
    for (let polls = 0; polls < 5; polls++) void poll('many polls', queue, over.signal);
    const identities = async () =>
      [...new Set(await freshPollers(client, { taskQueue: queue, type: 'activities' }))].sort();
    await until('the first worker polls', async () => (await identities()).length === 1);
    void poll('one poll', queue, over.signal);
    await until('both are found', async () => (await identities()).length === 2);
    expect(await identities()).toEqual(['many polls', 'one poll']);
    const { pollers } = await workflowService.describeTaskQueue({
      namespace: name,
      taskQueue: { name: queue },
      taskQueueType: 2,
    });
    if (pollers.length === 1) rootAlone++;
    over.abort();
  }
  // What the root alone says is why all are asked.
  expect(rootAlone).toBeGreaterThan(0);
});
