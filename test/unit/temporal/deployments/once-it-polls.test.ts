import { ServiceError, type Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import { Instance } from '../../../../src/domain/instance.ts';
import { onceItPolls } from '../../../../src/temporal/deployments/once-it-polls.ts';

const failedPrecondition = 9;
const version = { deploymentName: 'news', buildId: 'b1' };

/** A server at which workers of a build poll. */
function serverWithWorker(): Client {
  const workflowService = {
    describeWorkerDeployment: async () => ({
      workerDeploymentInfo: { versionSummaries: [{ deploymentVersion: version, status: 1 }] },
    }),
    describeTaskQueue: async () => ({
      pollers: [
        { deploymentOptions: { ...version, workerVersioningMode: 2 }, lastAccessTime: { seconds: Date.now() / 1000 } },
      ],
    }),
  };
  return { options: { namespace: 'default' }, workflowService } as unknown as Client;
}

const refusal = () =>
  Object.assign(new ServiceError('refused'), {
    code: failedPrecondition,
    details: 'missing task queues: daybook/office',
    metadata: {},
  });

test('a change that the server refuses though the build polls fails with its reason, and without a hint to start a worker', async () => {
  const change = () =>
    onceItPolls(serverWithWorker(), new Instance(), 'news', 'b1', async () => {
      throw refusal();
    });
  await expect(change).rejects.toThrow(
    /^deployment: news cannot be routed to b1: missing task queues: daybook\/office$/,
  );
});

test('a change that succeeds once the server knows all queues of the build is repeated', async () => {
  let refusals = 2;
  await onceItPolls(serverWithWorker(), new Instance(), 'news', 'b1', async () => {
    if (refusals-- > 0) throw refusal();
  });
  expect(refusals).toBe(-1);
});
