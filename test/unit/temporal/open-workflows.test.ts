import type { Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import { assertNoneOpen } from '../../../src/temporal/open-workflows.ts';
import { defaultInstance, Instance } from '../../../src/domain/instance.ts';
import { rebuildJournalType, sourceSearchAttribute } from '../../../src/domain/names.ts';

const instance = new Instance(defaultInstance, 'queue');

/** A server with a running rebuild of the journal. */
function clientWith(of: readonly string[]): Client {
  async function* list({ query }: { readonly query: string }) {
    const open = { workflowId: 'rebuild-journal-1', type: rebuildJournalType };
    if (query.includes(`'${rebuildJournalType}'`)) yield { ...open, searchAttributes: { [sourceSearchAttribute]: of } };
  }
  return { workflow: { list } } as unknown as Client;
}

const refusal: unknown = expect.stringContaining('1 open workflow (rebuild-journal-1)');

test.each([
  ['of all sources', [], refusal],
  ['of the source', ['news'], refusal],
  ['of another source', ['quakes'], null],
])('a rebuild of the journal %s blocks: %j', async (_, of, expected) => {
  const refused = assertNoneOpen(clientWith(of), instance, 'rekey', 'news').then(
    () => null,
    (error: Error) => error.message,
  );
  expect(await refused).toEqual(expected);
});
