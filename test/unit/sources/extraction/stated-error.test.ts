import { expect, test } from 'vitest';
import { statedError } from '../../../../src/sources/extraction/stated-error.ts';

test.each<[page: unknown, error: string | null]>([
  [{ error: 'quota exceeded' }, 'quota exceeded'],
  [{ error: { code: 17, message: 'busy' } }, '17 busy'],
  [{ error: { code: 0, message: 'Rate limit' } }, 'Rate limit'],
  [{ errors: [{ title: 'Invalid key' }] }, 'Invalid key'],
  [{ error: true }, 'true'],
  [{ fault: { status: 'no database' } }, 'no database'],
  ...[
    null,
    false,
    '',
    0,
    '0.0',
    {},
    [],
    [''],
    'OK',
    'Ok.',
    'No error',
    'NO_ERROR',
    'N/A',
    'N',
    'Successful',
    'success!',
  ].map((error): [unknown, null] => [{ error }, null]),
  ...['no records found', 'No more results', 'no_results', 'There are no matching items', '0 records', 'No data'].map(
    (error): [unknown, null] => [{ error }, null],
  ),
  [{ error: { code: 200, message: 'OK' } }, null],
  [{ error: { code: 0, message: 'No error' } }, null],
  [{ error: { code: 'no_results', message: 'Your search found nothing' } }, null],
  [{ exception: 'N', items: [] }, null],
  [[], null],
])('what a page says of an error: %j', (page, error) => {
  expect(statedError(page)).toBe(error);
});
