import { expect, test } from 'vitest';
import { labelsIn } from '../../../../src/config/environment/labels.ts';

test('labels have commas between them, and count once', () => {
  expect(labelsIn(' office, dmz,,office ')).toEqual(['office', 'dmz']);
  expect(labelsIn('')).toEqual([]);
});

test.each(['Office', 'my office', 'a.b', '-a'])('%s is no label', (label) => {
  expect(() => labelsIn(`ok,${label}`)).toThrow(
    `DAYBOOK_LABELS: found "${label}", expected labels of a-z, 0-9, _ and - with commas between them, e.g. office,dmz`,
  );
});
