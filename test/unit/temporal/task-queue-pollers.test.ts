import type { Client, WorkflowHandle } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { knownWorkers, pollerProblem, resultOnceStarted } from '../../../src/temporal/task-queue-pollers.ts';
import { labelPollers } from '../../../src/temporal/label-pollers.ts';
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

const b1 = { deploymentName: 'news', buildId: 'b1' };
const b2 = { deploymentName: 'news', buildId: 'b2' };
const versioned = (version: object) => ({ ...version, workerVersioningMode: 2 });

/** A server with workers of builds, null = without a deployment, and a routing. */
function routedTo(versioningInfo: object | null, builds: readonly (object | null)[]): Client {
  const lastAccessTime = { seconds: Date.now() / 1000 };
  const pollers = builds.map((build) => ({ lastAccessTime, deploymentOptions: build && versioned(build) }));
  const describeTaskQueue = async () => ({ pollers, versioningInfo });
  return { options: { namespace: 'default' }, workflowService: { describeTaskQueue } } as unknown as Client;
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

describe('workers that poll get work', () => {
  test.each<[string, object | null, readonly (object | null)[], string | null]>([
    ['without deployments', null, [null], null],
    ['if no build is current and one is in no deployment', {}, [b1, null], null],
    ['of the current build', { currentDeploymentVersion: b1 }, [b2, b1], null],
    ['of the ramping build', { rampingDeploymentVersion: b1, rampingVersionPercentage: 5 }, [b1], null],
    [
      'unless all are of a deployment without a current build',
      {},
      [b1],
      'no build of the deployment "news" is current, so its workers get no work of the task queue "daybook"; start a worker without DAYBOOK_DEPLOYMENT, or run ./daybook deployment current b1',
    ],
    [
      'unless another build is current',
      { currentDeploymentVersion: b1 },
      [b2, null],
      'no worker of "b1", the current build of the deployment "news", polls the task queue "daybook"; start one, or run ./daybook deployment current b2',
    ],
    ['if there are some', null, [], 'no worker has polled the task queue "daybook" for 15 s; start one'],
  ])('%s', async (_, versioningInfo, builds, expected) => {
    const problem = await pollerProblem(routedTo(versioningInfo, builds), instance);
    expect(problem?.slice(0, expected?.length) ?? null).toBe(expected);
  });

  test('also of a label', async () => {
    const pollersOf = async (current: object) =>
      (await labelPollers(routedTo({ currentDeploymentVersion: current }, [b2]), instance, ['office'])).get('office');
    expect(await pollersOf(b1)).toHaveLength(0);
    expect(await pollersOf(b2)).toHaveLength(1);
  });
});
