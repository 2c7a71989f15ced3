import { describe, expect, test } from 'vitest';
import { copiedFields } from '../../../src/sources/fan-out/copied-fields.ts';

describe('what is copied from a parent', () => {
  test.each([
    { fields: ['id', 'title'], parent: '{"id":1,"title":"a","more":2}', copy: '{"id":1,"title":"a"}' },
    { fields: ['id'], parent: '{"id":12345678901234567890}', copy: '{"id":12345678901234567890}' },
    {
      fields: ['user.id', 'user.name'],
      parent: '{"user":{"id":1,"name":"a","x":2}}',
      copy: '{"user":{"id":1,"name":"a"}}',
    },
    { fields: ['none', 'user.none', 'title.x'], parent: '{"title":"a","user":{}}', copy: '{"user":{}}' },
    { fields: ['value'], parent: '"eu"', copy: '{"value":"eu"}' },
    { fields: ['__proto__'], parent: '{"__proto__":{"a":1}}', copy: '{"__proto__":{"a":1}}' },
  ])('of $fields is $copy', ({ fields, parent, copy }) => {
    expect(copiedFields({ parentFields: fields }, parent)).toBe(copy);
  });

  test('is nothing where no fields are named', () => {
    expect(copiedFields({}, '{"id":1}')).toBe(null);
  });
});
