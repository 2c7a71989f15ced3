import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Progress } from '../../src/workflows/messages.ts';
import { OperatedStack } from '../support/documents/operated-stack.ts';
import { recipe } from '../support/recipes.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** What an operator does by docs/operations.md while a stack runs, by the very commands that it shows, one after the other. */
let stack: OperatedStack;

beforeAll(async () => {
  stack = await OperatedStack.start(
    [
      ['a', '01'],
      ['b', '02'],
    ],
    [['c', '03']],
  );
});
afterAll(() => stack?.close());

test('close an alert, rotate a secret: the next fetch has the new one, without a restart', async () => {
  stack.token = 'second-token';
  expect((await stack.sandbox.run(['run', 'quakes'])).code).toBe(1);
  const [close = ''] = recipe('Close an alert');
  expect(await stack.shell(close)).toMatch(/run_failed +quakes[^]*closed run_failed of quakes/);
  expect(await stack.daybook('alerts', 'list')).toBe('');
  stack.secret(stack.token);
  const [ask = ''] = recipe('Rotate a secret');
  expect(await stack.shell(ask)).toMatch(/quakes +unchanged/);
  expect(stack.running.output).not.toMatch(/(first|second)-token/);
});

test('gaps in a day: each command fills the gaps that it is for', async () => {
  const [look = '', copy = '', windows = '', rewind = ''] = recipe('Gaps in a day');
  await stack.sql(`delete from raw_events where source_id = 'b'`);
  await stack.sql(`delete from raw_event_keys where source_id = 'b'`);
  const journal = join(stack.folder, 'data', 'csv', 'quakes');
  // The part of the second run, which alone has c.
  const parts = readdirSync(journal, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.csv'));
  for (const name of parts.sort().slice(1)) rmSync(join(journal, name));
  const found = await stack.sandbox.shell(look);
  expect(found).toMatchObject({ code: 1, stdout: expect.stringMatching(/quakes\/c[^]*quakes\/b[^]*not consistent/) });
  expect(await stack.shell(copy)).toMatch(/1 written[^]*1 written/);
  expect(await stack.shell(look)).toMatch(/3 keys, 3 rows[^]*\nconsistent/);
  stack.serve('d', '00');
  expect(await stack.shell(windows)).toMatch(/1 new rows[^]*0 new rows/);
  stack.serve('e', '00');
  expect(await stack.shell(rewind)).toMatch(/new 1/);
  expect(await stack.shell(look)).toMatch(/5 keys, 5 rows[^]*\nconsistent/);
});

test('a workflow blocked by a broken signal continues where it was, also if it was paused', async () => {
  const [look = '', reset = '', terminate = ''] = recipe('A workflow is stuck');
  const address = /TEMPORAL_ADDRESS='([^']+)'/.exec(await stack.daybook('env'))?.[1] ?? '';
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const broken = async (workflowId: string, signalName: string) => {
    const payloads = [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"by":') }];
    const execution = { namespace: 'default', workflowExecution: { workflowId } };
    await connection.workflowService.signalWorkflowExecution({ ...execution, signalName, input: { payloads } });
    await until('it is stuck', async () => {
      const { history } = await connection.workflowService.getWorkflowExecutionHistory({
        namespace: 'default',
        execution: { workflowId },
      });
      return history?.events?.some(({ workflowTaskFailedEventAttributes: failed }) => failed);
    });
  };
  const openRun = async () => {
    stack.isHeld = true;
    const asked = stack.origin.requests.length;
    await client.schedule.getHandle('scrape-quakes').trigger();
    await until('it fetches', () => stack.origin.requests.length > asked);
    const id = (await stack.status()).sources[0]?.running?.workflowId ?? '';
    expect(await stack.shell(look)).toContain(id);
    return id;
  };
  const documented = 'scrape-quakes-2026-11-24T00:00:00Z';
  try {
    stack.serve('f', '04');
    const id = await openRun();
    await stack.daybook('pause', 'quakes', '--reason', 'maintenance');
    const progress = async () => client.workflow.getHandle(id).query<Progress>('progress');
    await until('it knows of the pause', async () => (await progress()).paused !== null);
    await broken(id, 'resume');
    stack.isHeld = false;
    const [first = '', ...further] = reset.replace(documented, id).trim().split('\n');
    expect(further).toEqual(['./daybook resume quakes']);
    await stack.shell(first);
    await until('it is paused as before', async () => (await progress()).paused !== null);
    await stack.shell(further.join('\n'));
    expect(await client.workflow.getHandle(id).result()).toMatchObject({ outcome: 'ok', postgres: { written: 1 } });

    stack.serve('g', '05');
    const other = await openRun();
    await broken(other, 'pause');
    stack.isHeld = false;
    expect(await stack.shell(terminate.replace(documented, other))).toMatch(/new 1/);
    expect((await stack.status()).sources).toMatchObject([{ health: 'ok', running: null, paused: null }]);
  } finally {
    await connection.close();
  }
  expect(await stack.stored()).toEqual(['a 02 01', 'b 02 02', 'c 02 03', 'd 02 00', 'e 02 00', 'f 02 04', 'g 02 05']);
});
