import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { findKnownSource } from '../../../../src/activities/support/known-source.ts';
import type { ActivityDependencies } from '../../../../src/activities/support/dependencies.ts';
import type { ConfigBroken } from '../../../../src/domain/errors.ts';

test('a source that the last good configuration leaves out looks again soon, then less and less often', async () => {
  const config = { sources: [], kept: { leftOut: [{ source: 'closed', reason: 'it has a literal secret' }] } };
  const file = { current: () => ({ config, broken: new Error('line 4') }) };
  const dependencies = { config: file, identity: 'here' } as unknown as ActivityDependencies;
  const waits = [1, 2, 3, 5, 6, 2000].map(async (attempt) => {
    const environment = new MockActivityEnvironment({ attempt });
    const error = await environment.run(findKnownSource.bind(null, dependencies), 'closed').catch((e: unknown) => e);
    return (error as ConfigBroken).retryAfterMs;
  });
  expect(await Promise.all(waits)).toEqual([500, 1_000, 2_000, 8_000, 10_000, 10_000]);
});
