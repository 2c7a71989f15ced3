import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startOrigin, type Origin } from '../../../support/servers/origin.ts';
import { styleOfCode } from '../../../../src/sources/xlsx/workbook.ts';
import { failureOf, planFor, poll } from '../bodies/body-polls.ts';
import { zipOf } from '../zip-files.ts';

let origin: Origin;
beforeAll(async () => {
  origin = await startOrigin();
});
afterAll(() => origin.close());

const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

interface Book {
  readonly sheets: Readonly<Record<string, string>>;
  readonly texts?: readonly string[];
  readonly hidden?: string;
  readonly from1904?: boolean;
}

/** A workbook with the styles: 0 number, 1 date, 2 date and time, 3 time, 4 a duration, 5 a number of its own. */
function workbook({ sheets, texts = [], hidden, from1904 = false }: Book): Buffer {
  const names = Object.keys(sheets);
  const list = names
    .map(
      (name, n) => `<sheet name="${name}" sheetId="${n + 1}" r:id="r${n}"${name === hidden ? ' state="hidden"' : ''}/>`,
    )
    .join('');
  const links = names
    .map((_, n) => `<Relationship Id="r${n}" Type="${relations}/worksheet" Target="worksheets/sheet${n + 1}.xml"/>`)
    .join('');
  const formats =
    '<numFmt numFmtId="164" formatCode="[h]:mm"/><numFmt numFmtId="165" formatCode="0.00 &quot;days&quot;"/>';
  const xfs = [0, 14, 22, 21, 164, 165].map((id) => `<xf numFmtId="${id}"/>`).join('');
  return zipOf([
    { name: '[Content_Types].xml', content: '<Types/>' },
    {
      name: 'xl/workbook.xml',
      content: `<workbook xmlns="${main}" xmlns:r="${relations}">${from1904 ? '<workbookPr date1904="1"/>' : ''}<sheets>${list}</sheets></workbook>`,
    },
    { name: 'xl/_rels/workbook.xml.rels', content: `<Relationships>${links}</Relationships>` },
    {
      name: 'xl/styles.xml',
      content: `<styleSheet><numFmts>${formats}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>${xfs}</cellXfs></styleSheet>`,
    },
    { name: 'xl/sharedStrings.xml', content: `<sst>${texts.map((text) => `<si>${text}</si>`).join('')}</sst>` },
    ...names.map((name, n) => ({
      name: `xl/worksheets/sheet${n + 1}.xml`,
      content: `<worksheet xmlns="${main}"><sheetData>${sheets[name]}</sheetData></worksheet>`,
    })),
  ]);
}

const inline = (reference: string, text: string) => `<c r="${reference}" t="inlineStr"><is><t>${text}</t></is></c>`;
const header = (...names: string[]) =>
  `<row r="1">${names.map((name, n) => inline(`${String.fromCharCode(65 + n)}1`, name)).join('')}</row>`;

async function read(book: Buffer | Book, ...lines: string[]) {
  const body = Buffer.isBuffer(book) ? book : workbook(book);
  origin.answer((_url, response) => void response.end(body));
  return poll(planFor(`${origin.url}/x.xlsx`, 'occurred_at: { on_missing: fetched_at }', ...lines));
}

/** What a cell becomes. */
async function cell(xml: string, book: Partial<Book> = {}) {
  const rows = `${header('id', 'v')}<row r="2">${inline('A2', 'a')}${xml}</row>`;
  const { payloads, warnings } = await read({ ...book, sheets: { Data: rows } });
  return { value: payloads[0]?.['v'], warnings };
}

describe('a cell', () => {
  test.each<[what: string, xml: string, value: unknown]>([
    ['a number', '<c r="B2"><v>1.5</v></c>', 1.5],
    ['a double as Excel writes it', '<c r="B2"><v>1.1000000000000001</v></c>', 1.1],
    ['a large number', '<c r="B2"><v>1.5E+20</v></c>', 150_000_000_000_000_000_000],
    ['a number with a format of its own', '<c r="B2" s="5"><v>2</v></c>', 2],
    ['an inline text', '<c r="B2" t="inlineStr"><is><r><t>a </t></r><r><t>b</t></r></is></c>', 'a b'],
    ['the text of a formula', '<c r="B2" t="str"><f>A2&amp;"x"</f><v>ax</v></c>', 'ax'],
    ['the number of a formula', '<c r="B2"><f>1+1</f><v>2</v></c>', 2],
    ['true', '<c r="B2" t="b"><v>1</v></c>', true],
    ['false', '<c r="B2" t="b"><v>0</v></c>', false],
    ['a day', '<c r="B2" s="1"><v>46327</v></c>', '2026-11-01'],
    ['a day and time', '<c r="B2" s="2"><v>46327.5</v></c>', '2026-11-01T12:00:00'],
    ['midnight', '<c r="B2" s="2"><v>46327</v></c>', '2026-11-01T00:00:00'],
    ['the last second of a day', '<c r="B2" s="2"><v>46327.999988425923</v></c>', '2026-11-01T23:59:59'],
    ['a time of day', '<c r="B2" s="3"><v>0.75</v></c>', '18:00:00'],
    ['a duration', '<c r="B2" s="4"><v>1.5</v></c>', 1.5],
    ['the first day', '<c r="B2" s="1"><v>1</v></c>', '1900-01-01'],
    ['the last day before the one that never was', '<c r="B2" s="1"><v>59</v></c>', '1900-02-28'],
    ['the first day after it', '<c r="B2" s="1"><v>61</v></c>', '1900-03-01'],
    ['a date as text', '<c r="B2" t="d"><v>2026-11-01T12:00:00</v></c>', '2026-11-01T12:00:00'],
    ['nothing', '<c r="B2" s="1"/>', null],
    ['an escaped character', inline('B2', 'a_x000A_b'), 'a\nb'],
    ['entities', inline('B2', 'a &lt; b &amp; c'), 'a < b & c'],
  ])('is read: %s', async (_what, xml, value) => {
    expect(await cell(xml)).toEqual({ value, warnings: [] });
  });

  test('keeps digits that a double has not', async () => {
    const rows = `${header('id', 'v')}<row r="2"><c r="A2"><v>12345678901234567890</v></c><c r="B2"><v>0.12345678901234567890</v></c></row>`;
    expect((await read({ sheets: { Data: rows } })).ids).toEqual(['12345678901234567890']);
  });

  test('with a shared text has it, without the readings of its words', async () => {
    const texts = ['<t>zero</t>', '<r><t>on</t></r><r><t xml:space="preserve">e </t></r><rPh><t>ichi</t></rPh>'];
    expect((await cell('<c r="B2" t="s"><v>1</v></c>', { texts })).value).toBe('one ');
  });

  test('counts days from 1904 where the workbook does', async () => {
    expect((await cell('<c r="B2" s="1"><v>44865</v></c>', { from1904: true })).value).toBe('2026-11-01');
  });

  test.each([
    ['an error', '<c r="B2" t="e"><v>#REF!</v></c>'],
    ['a formula that was never calculated', '<c r="B2"><f>1+1</f></c>'],
  ])('is null with a warning: %s', async (_what, xml) => {
    expect(await cell(xml)).toEqual({ value: null, warnings: ['cell_without_value'] });
  });

  test('with an error is named with its error, but not with another text: a mask may hide that', async () => {
    const cells = '<c r="B2" t="e"><v>#DIV/0!</v></c><c r="C2" t="e"><v>#ann@example.com</v></c>';
    const rows = `${header('id', 'v', 'email')}<row r="2">${inline('A2', 'a')}${cells}</row>`;
    const { messages } = await read({ sheets: { Data: rows } });
    expect(messages).toEqual(['cells hold an error, and are null: B2: #DIV/0!, C2']);
  });
});

describe('a sheet', () => {
  const rows = `${header('id', 'n')}<row r="2">${inline('A2', 'a')}</row>`;
  const other = `${header('id', 'n')}<row r="2">${inline('A2', 'b')}</row>`;

  test('is the first that is shown, or the one that is named', async () => {
    expect((await read({ sheets: { One: rows, Two: other } })).ids).toEqual(['a']);
    expect((await read({ sheets: { One: rows, Two: other }, hidden: 'One' })).ids).toEqual(['b']);
    expect((await read({ sheets: { One: rows, Two: other } }, 'sheet: Two')).ids).toEqual(['b']);
    const error = await failureOf(read({ sheets: { One: rows, Two: other } }, 'sheet: Three'));
    expect(error.message).toContain('has the sheets One, Two, expected sheet "Three"');
  });

  test('begins at its first row with a value, and skips empty ones', async () => {
    const shifted = `<row r="3">${inline('B3', 'id')}${inline('C3', 'n')}</row><row r="4"/><row r="6">${inline('B6', 'a')}<c r="D6"><v>9</v></c></row>`;
    const { payloads } = await read({ sheets: { One: shifted } });
    expect(payloads).toEqual([{ '1': null, id: 'a', n: null, '4': 9 }]);
  });

  test('may leave out the names of its cells and rows', async () => {
    const bare = '<row><c t="inlineStr"><is><t>id</t></is></c></row><row><c t="inlineStr"><is><t>a</t></is></c></row>';
    expect((await read({ sheets: { One: bare } })).ids).toEqual(['a']);
  });

  test.each([
    ['a page of HTML', Buffer.from('<html>Log in</html>'), 'expected a workbook of Excel'],
    ['an old workbook', Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'a workbook of Excel (.xls)'],
    ['another archive', zipOf([{ name: 'x.csv', content: 'id' }]), 'no workbook of Excel'],
  ])('is refused: %s', async (_what, body, message) => {
    const error = await failureOf(read(body));
    expect(error.type).toBe('UnreadableBody');
    expect(error.message).toContain(message);
  });

  test('that unpacks to too much is refused', async () => {
    const bomb = `${header('id')}${' '.repeat(5_000_000)}`;
    const error = await failureOf(read({ sheets: { One: bomb } }, 'max_body: 1MiB'));
    expect(error.type).toBe('OverLimit');
  });

  test('is found by what the archive holds', async () => {
    origin.answer((_url, response) => void response.end(workbook({ sheets: { One: rows } })));
    const { ids } = await poll(planFor(`${origin.url}/download`, 'occurred_at: { on_missing: fetched_at }'));
    expect(ids).toEqual(['a']);
  });
});

test.each([
  ['yyyy-mm-dd', 'date'],
  ['dd/mm/yyyy hh:mm', 'datetime'],
  ['h:mm AM/PM', 'time'],
  ['[$-409]d-mmm-yy', 'date'],
  ['mmm', 'date'],
  ['[h]:mm:ss', 'number'],
  ['#,##0.00', 'number'],
  ['0.00E+00', 'number'],
  ['General', 'number'],
  ['"day" 0', 'number'],
  ['[Red]0.00;[Blue]-0.00', 'number'],
  ['@', 'number'],
])('the format %s is one of a %s', (code, style) => {
  expect(styleOfCode(code)).toBe(style);
});
