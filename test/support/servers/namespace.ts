import { Client, Connection } from '@temporalio/client';
import { until } from '../until.ts';

/** A namespace for a test: there a worker process polls the default task queue alone. */
export interface TestNamespace {
  readonly name: string;
  readonly client: Client;
  close(): Promise<void>;
}

const retentionSeconds = 86_400;

export async function createNamespace(address: string, name: string): Promise<TestNamespace> {
  const connection = await Connection.connect({ address });
  await connection.workflowService.registerNamespace({
    namespace: name,
    workflowExecutionRetentionPeriod: { seconds: retentionSeconds as never },
  });
  const client = new Client({ connection, namespace: name });
  // The server's parts hear of it one after the other.
  await until('the namespace is known', () =>
    client.workflowService.describeTaskQueue({ namespace: name, taskQueue: { name: 'any' } }).then(
      () => true,
      () => false,
    ),
  );
  return { name, client, close: () => connection.close() };
}
