import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { expect, test } from 'vitest';
import { retriedCalls } from '../../../src/temporal/retried-calls.ts';
import { freePort } from '../../support/servers/free-port.ts';

test('a call that waits to be repeated when its connection is closed fails, and ends no process', async () => {
  const connection = Connection.lazy({ address: `127.0.0.1:${await freePort()}`, interceptors: retriedCalls });
  let failure: unknown = null;
  const calling = connection.workflowService.describeNamespace({ namespace: 'default' }).catch((error: unknown) => {
    failure = error;
  });
  await sleep(300);
  await connection.close();
  await calling;
  expect(failure).toMatchObject({ code: 1, details: 'Channel has been shut down' });
});
