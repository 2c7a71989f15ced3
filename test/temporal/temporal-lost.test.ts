import { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import { expect, inject, onTestFinished, test } from 'vitest';
import { withTemporal } from '../../src/temporal/connect.ts';
import { localTemporalSettings } from '../../src/config/environment/temporal-settings.ts';
import { startTcpProxy } from '../support/servers/tcp-proxy.ts';

test('a command that waits for a workflow reports a lost server, and that the workflow continues', async () => {
  const address = inject('temporalAddress');
  const [host = '', port] = address.split(':');
  const proxy = await startTcpProxy(host, Number(port));
  onTestFinished(() => proxy.close());
  const workflowId = `lost-${proxy.port}`;
  const settings = localTemporalSettings(`127.0.0.1:${proxy.port}`);
  // The client asks again for 20 s by default.
  const interceptors = [makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: 4 }))];
  const impatient = { ...settings, connection: { ...settings.connection, interceptors } };
  const waiting = withTemporal(impatient, async (client) => {
    const handle = await client.workflow.start('unknown', { workflowId, taskQueue: workflowId });
    proxy.down();
    return handle.result();
  });
  await expect(waiting).rejects.toMatchObject({
    type: 'CannotStart',
    message: expect.stringMatching(/^lost connection to Temporal at 127.0.0.1:\d+; .* continue/) as string,
  });
  const connection = await Connection.connect({ address });
  await new Client({ connection }).workflow.getHandle(workflowId).terminate();
  await connection.close();
});
