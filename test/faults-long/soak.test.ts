import { afterAll, beforeAll, test } from 'vitest';
import { seededRandom } from '../support/seeded-random.ts';
import { checkInvariant, together } from '../support/trial/invariant.ts';
import { atRest } from '../support/trial/quiet.ts';
import { Trial } from '../support/trial/trial.ts';
import { faults } from './faults.ts';
import { isLong, seed, soakMinutes } from './settings.ts';

const random = seededRandom(seed);
const chosen = faults.filter(({ long }) => isLong || !long);
let trial: Trial;

beforeAll(async () => {
  trial = await Trial.start();
}, 180_000);
afterAll(() => trial.close());

// oxlint-disable-next-line vitest/expect-expect -- the invariant expects
test(
  `after ${soakMinutes} minutes of random faults (seed ${seed}) everything handed out is stored once`,
  { timeout: soakMinutes * 60_000 + 600_000 },
  async () => {
    const end = Date.now() + soakMinutes * 60_000;
    const applied: string[] = [];
    let allowed = {};
    while (applied.length === 0 || Date.now() < end) {
      const fault = chosen[Math.floor(random() * chosen.length)];
      if (!fault) throw new Error('there are no faults');
      applied.push(fault.name);
      allowed = together(allowed, fault.allowed ?? {});
      trial.served.grow(Math.floor(random() * 60));
      await fault.apply(trial, random);
    }
    process.stderr.write(`soak: ${applied.join('; ')}\n`);
    await atRest(trial, () => checkInvariant(trial, allowed));
  },
);
