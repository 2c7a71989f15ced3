import { expect, test } from 'vitest';
import { mapPlace } from '../../../../src/activities/support/masked-position.ts';
import { createSecretMask } from '../../../../src/domain/secrets/secret-mask.ts';
import type { FetchPosition, HttpPosition } from '../../../../src/domain/state/fetch-position.ts';

const secret = 'tokensecret-888';
const mask = createSecretMask([secret]);
const next = (page: number) => ({ page, cursor: `https://api.test/?page=${page}&key=${secret}`, skip: 0 });
const place: HttpPosition = {
  type: 'http',
  ...next(4),
  since: null,
  recentPages: [],
  values: { last: { id: `"${secret}"` } },
  saved: next(2),
  thenAt: { ...next(3), values: { last: { id: `"${secret}"` } } },
};
const position = { place } as FetchPosition;

test('a secret in the address of a next page is hidden in all positions that a poll carries, and comes back', () => {
  const hidden = mapPlace(position, mask.hide);
  expect(JSON.stringify(hidden)).not.toContain(secret);
  expect(mapPlace(hidden, mask.reveal)).toEqual(position);
});
