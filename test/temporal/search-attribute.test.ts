import { randomUUID } from 'node:crypto';
import { NativeConnection } from '@temporalio/worker';
import { expect, inject, onTestFinished, test } from 'vitest';
import { keepSearchAttribute, knowsSearchAttribute } from '../../src/temporal/search-attribute.ts';
import { createNamespace } from '../support/servers/namespace.ts';
import { until } from '../support/until.ts';

test('a removed search attribute is registered again, and runs know that it is gone', async () => {
  const address = inject('temporalAddress');
  const namespace = await createNamespace(address, `removed-${randomUUID()}`);
  const connection = await NativeConnection.connect({ address });
  const reported: boolean[] = [];
  const kept = await keepSearchAttribute(connection, namespace.name, (isKnown) => reported.push(isKnown), 100);
  onTestFinished(async () => {
    kept.stop();
    await connection.close();
    await namespace.close();
  });
  await until('it is registered', () => kept.isKnown() && knowsSearchAttribute(connection, namespace.name));
  await namespace.client.connection.operatorService.removeSearchAttributes({
    namespace: namespace.name,
    searchAttributes: ['DaybookSource'],
  });
  await until('it is known to be gone', () => reported.includes(false));
  await until('it is registered again', () => kept.isKnown() && knowsSearchAttribute(connection, namespace.name));
  expect(reported.at(-1)).toBe(true);
});

test('a search attribute of another type is not the one that runs need', async () => {
  const namespace = await createNamespace(inject('temporalAddress'), `other-type-${randomUUID()}`);
  onTestFinished(() => namespace.close());
  const { client, name } = namespace;
  const text = 1;
  await client.connection.operatorService.addSearchAttributes({
    namespace: name,
    searchAttributes: { DaybookSource: text },
  });
  const listed = async () => {
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace: name });
    return customAttributes?.['DaybookSource'] === text;
  };
  await until('it is registered', listed);
  expect(await knowsSearchAttribute(client.connection, name)).toBe(false);
});
