import { afterAll, beforeAll, describe, test } from 'vitest';
import { seededRandom } from '../support/seeded-random.ts';
import { checkInvariant, together } from '../support/trial/invariant.ts';
import { atRest } from '../support/trial/quiet.ts';
import { Trial } from '../support/trial/trial.ts';
import type { Fault } from './faults.ts';
import { isLong, seed } from './settings.ts';

/** Defines a test for each fault, one after the other on one stack. */
export function tryFaults(faults: readonly Fault[]): void {
  const random = seededRandom(seed);
  let trial: Trial;
  /** What earlier faults may have left. */
  let allowed = {};

  beforeAll(async () => {
    trial = await Trial.start();
  }, 180_000);
  afterAll(() => trial.close());

  describe(`after one fault (seed ${seed}) everything handed out is stored once, and nothing is left on the way`, () => {
    // oxlint-disable-next-line vitest/expect-expect -- the invariant expects
    test.each(faults.filter(({ long }) => isLong || !long))('$name', { timeout: 400_000 }, async (fault) => {
      trial.served.grow(40);
      await fault.apply(trial, random);
      trial.served.grow(10);
      allowed = together(allowed, fault.allowed ?? {});
      await atRest(trial, () => checkInvariant(trial, allowed));
    });
  });
}
