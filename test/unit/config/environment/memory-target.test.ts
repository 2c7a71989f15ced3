import { expect, test } from 'vitest';
import { memoryTarget } from '../../../../src/config/environment/memory-target.ts';
import { lookUpIn } from '../../../../src/config/secrets/references.ts';

const read = (text: string | undefined) => memoryTarget(lookUpIn({ DAYBOOK_MEMORY_TARGET: text }));

test.each([
  [undefined, null],
  ['', null],
  ['off', null],
  ['OFF', null],
  ['20%', 0.2],
  ['70%', 0.7],
  ['80%', 0.8],
])('%s is read as %s', (text, target) => {
  expect(read(text)).toBe(target);
});

test.each(['on', '70', '0.7', '19%', '81%', '100%', '-70%', '70 %', '7e1%'])(
  '%s is refused, with what is expected',
  (text) => {
    expect(() => read(text)).toThrow(`DAYBOOK_MEMORY_TARGET: found "${text}", expected off, or 20% to 80%`);
  },
);
