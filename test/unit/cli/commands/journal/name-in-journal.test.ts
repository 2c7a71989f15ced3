import { expect, test } from 'vitest';
import { nameInJournal } from '../../../../../src/cli/commands/journal/repair-csv.ts';

test.each([
  ['/data/csv', 'news/a.csv', 'news/a.csv'],
  ['/data/csv', '/data/csv/news/a.csv', 'news/a.csv'],
  ['/data/csv', '/data/csv//news/../news/a.csv', 'news/a.csv'],
  ['/data/csv', '/data/csv-old/news/a.csv', '/data/csv-old/news/a.csv'],
  ['s3://daybook/csv', 's3://daybook/csv/src=news/a.csv', 'src=news/a.csv'],
  ['s3://daybook/csv', 'src=news/a.csv', 'src=news/a.csv'],
])('of a part in %s, given as %s, is %s', (journal, text, expected) => {
  expect(nameInJournal(journal, text)).toBe(expected);
});
