import { describe, expect, test } from 'vitest';
import {
  escapeTemplate,
  isOnlyPlaceholders,
  isTemplate,
  onlyPlaceholder,
  parseTemplate,
  placeholdersIn,
  textBeside,
} from '../../../../src/formats/template/parse-template.ts';

const short = (text: string) =>
  parseTemplate(text).map((part) => {
    if (part.kind === 'text') return part.text;
    if (part.kind === 'invalid') return ['invalid', part.name, part.why];
    const { name, path, format, shiftMs, optional } = part;
    return [
      name,
      ...(path === '' ? [] : [path]),
      ...(format === null ? [] : [format]),
      ...(shiftMs === 0 ? [] : [shiftMs]),
      ...(optional ? ['?'] : []),
    ];
  });

describe('a template', () => {
  test.each<[string, unknown[]]>([
    ['plain text', ['plain text']],
    ['', ['']],
    ['a ${cursor} b', ['a ', ['cursor'], ' b']],
    ['${page}${offset?}${limit}', [['page'], ['offset', '?'], ['limit']]],
    ['${since:yyyy-MM-dd}', [['since', 'yyyy-MM-dd']]],
    ["${since:yyyy-MM-dd'T'HH:mm:ss}", [['since', "yyyy-MM-dd'T'HH:mm:ss"]]],
    ['${until:epoch_s?}', [['until', 'epoch_s', '?']]],
    ['${since?:epoch_ms}', [['since', 'epoch_ms', '?']]],
    ['${now-1d:yyyy-MM-dd}', [['now', 'yyyy-MM-dd', -86_400_000]]],
    ['${since+1h30m}', [['since', 5_400_000]]],
    ['${now-1d+30m?}', [['now', -84_600_000, '?']]],
    ['${last:id}', [['last', 'id']]],
    ['${last:meta.id?}', [['last', 'meta.id', '?']]],
    ['${parent:items[?a==`1`].id | [0]}', [['parent', 'items[?a==`1`].id | [0]']]],
    ['${last:{a: id, b: "}"}}!', [['last', '{a: id, b: "}"}'], '!']],
    ["${last:join('}', tags)}", [['last', "join('}', tags)"]]],
    ['$${cursor}', ['${cursor}']],
    ['$$${cursor}', ['$${cursor}']],
    ['cost: $5 {x} $', ['cost: $5 {x} $']],
    ['${env:NAME}/${page}', ['${env:NAME}/', ['page']]],
    ['${config:headers/X}', ['${config:headers/X}']],
  ])('%s', (text, parts) => {
    expect(short(text)).toEqual(parts);
  });

  test.each<[string, string | null]>([
    ['${curser}', null],
    ['${TOKEN}', null],
    ['${page:yyyy}', 'expected ${page}: only times have a format or a shift'],
    ['${cursor-1}', 'expected ${cursor}: only times have a format or a shift'],
    ['${last}', 'expected a path in it: ${last:id}'],
    ['${parent:}', 'expected a path in it: ${parent:id}'],
    ['${now-1y}', 'expected a time such as ${since}, ${since:yyyy-MM-dd} or ${now-1d:epoch_s}'],
    ['${cursor', 'expected a } at its end; a literal ${ is written $${'],
  ])('with %s has no such placeholder', (text, why) => {
    expect(parseTemplate(text)).toMatchObject([{ kind: 'invalid', text, why }]);
  });

  test('takes a value that was inserted for text, whatever is in it and after it', () => {
    for (const value of ['${cursor}', '$', 'a$${b', '${env:X}', '$&', '${$}']) {
      for (const after of ['', '{cursor}', '{']) {
        const parts = parseTemplate(`<${escapeTemplate(value)}${after}>`);
        expect(parts).toEqual([{ kind: 'text', text: `<${value}${after}>` }]);
      }
    }
    expect(short(`${escapeTemplate('$')}\${cursor}`)).toEqual(['$', ['cursor']]);
  });

  test('is found at any depth, with its path', () => {
    const value = { a: ['x', { b: '${cursor}' }], c: 1, d: null, e: '${last:id} ${nope}' };
    expect(placeholdersIn(value).map(({ path, placeholder }) => [path.join('.'), placeholder.text])).toEqual([
      ['a.1.b', '${cursor}'],
      ['e', '${last:id}'],
      ['e', '${nope}'],
    ]);
    expect(isTemplate(value)).toBe(true);
    expect(isTemplate({ a: ['${env:X}', 1] })).toBe(false);
    expect(isTemplate('$${x}')).toBe(true);
  });

  test('is one placeholder, or only placeholders, or has text beside them', () => {
    expect(onlyPlaceholder('${cursor}')?.name).toBe('cursor');
    expect(onlyPlaceholder('${cursor} ')).toBeNull();
    expect(onlyPlaceholder('${env:X}')).toBeNull();
    expect(isOnlyPlaceholders('${cursor}${page}')).toBe(true);
    expect(isOnlyPlaceholders('plain')).toBe(false);
    expect(textBeside('?a=${cursor}&b=$${c}')).toBe('?a=&b=${c}');
  });
});
