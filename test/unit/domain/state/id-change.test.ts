import { expect, test } from 'vitest';
import { idChange } from '../../../../src/domain/state/id-change.ts';

const now = { id: ['code'], shapeFingerprint: 'new' };
const again = 'is stored again under new ids; .*rekey news';

const warned = (message: string) => ({
  code: 'state_changed',
  message: expect.stringMatching(message) as string,
  count: 1,
});

test.each([
  ['nothing is stored', null, null],
  ['the id is the same', { id: ['code'], shapeFingerprint: 'old' }, null],
  ['the id is another one', { id: ['id'], shapeFingerprint: 'old' }, `^id was "id" .* and is "code": .*${again}`],
  ['it was a list', { id: ['a', 'b'], shapeFingerprint: 'old' }, String.raw`^id was \["a","b"\] .*${again}`],
  [
    'an earlier state shows a change',
    { shapeFingerprint: 'old' },
    `^configuration keys that determine its records have changed.*${again}`,
  ],
  [
    'no run has reported that an earlier state shows a change',
    { id: null, shapeFingerprint: 'new' },
    `^configuration keys that determine its records have changed.*${again}`,
  ],
  ['an earlier state shows none', { shapeFingerprint: 'new' }, null],
])('where %s', (_, stored, message) => {
  expect(idChange('news', stored, now)).toEqual(message === null ? null : warned(message));
});
