import type { Client, WorkflowHandle } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { knownWorkers, resultOnceStarted } from '../../../src/temporal/task-queue-pollers.ts';
import { Instance } from '../../../src/domain/instance.ts';

/** A workflow that is started by a worker after some looks at it, and then ends. */
function workflow(looks: number) {
  let ended: (result: unknown) => void = () => {};
  const result = new Promise((resolve) => {
    ended = resolve;
  });
  const terminated: string[] = [];
  const handle = {
    workflowId: 'scrape-quakes-run-1',
    result: () => result,
    describe: async () => {
      if (looks === 0) setTimeout(() => ended('receipt'), 5);
      return { historyLength: looks-- > 0 ? 2 : 3 };
    },
    terminate: async (reason: string) => terminated.push(reason),
  };
  return { handle: handle as unknown as WorkflowHandle, terminated };
}

/** A server that says when a worker last asked for work, in seconds from now. */
function serverWith(secondsAgo: readonly number[]) {
  let asked = 0;
  const describeTaskQueue = async () => {
    asked++;
    return { pollers: secondsAgo.map((age) => ({ lastAccessTime: { seconds: Date.now() / 1000 - age } })) };
  };
  const client = { options: { namespace: 'default' }, workflowService: { describeTaskQueue } };
  return { client: client as unknown as Client, asked: () => asked };
}

const noLocalWorker = () => false;
const instance = new Instance();

describe('a run that no worker has started yet', () => {
  test('is waited for as long as a worker is known', async () => {
    const { handle, terminated } = workflow(20);
    expect(await resultOnceStarted(handle, instance, async () => true, 1)).toBe('receipt');
    expect(terminated).toEqual([]);
  });

  test('is left open if none is known any more, and the message says that it runs later', async () => {
    const { handle, terminated } = workflow(20);
    let knows = 3;
    await expect(resultOnceStarted(handle, instance, async () => knows-- > 0, 1)).rejects.toThrow(
      /scrape-quakes-run-1 stays open and runs once/,
    );
    expect(terminated).toEqual([]);
  });
});

describe('a worker is known', () => {
  test('that runs here, whatever the server says', async () => {
    const { client, asked } = serverWith([]);
    expect(await knownWorkers(client, instance, () => true)()).toBe(true);
    expect(asked()).toBe(0);
  });

  test.each([
    ['has just asked for work', [1], true],
    ['has had no hand free for minutes', [600, 200], true],
    ['has not asked for longer than the server remembers', [400], false],
    ['is nowhere', [], false],
  ])('or not: one %s', async (_, ages, expected) => {
    expect(await knownWorkers(serverWith(ages).client, instance, noLocalWorker)()).toBe(expected);
  });

  test('also while the server is too busy to say', async () => {
    const { client } = serverWith([]);
    client.workflowService.describeTaskQueue = (async () => {
      throw new Error('deadline exceeded');
    }) as never;
    expect(await knownWorkers(client, instance, noLocalWorker)()).toBe(true);
  });

  test('with one request for hundreds of runs', async () => {
    const { client, asked } = serverWith([1]);
    const isKnown = knownWorkers(client, instance, noLocalWorker);
    await Promise.all(Array.from({ length: 300 }, isKnown));
    expect(asked()).toBe(1);
  });
});
