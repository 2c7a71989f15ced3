import { describe, expect, test } from 'vitest';
import { SourceRefused } from '../../../../src/domain/errors.ts';
import { parseIso8601, type Micros } from '../../../../src/domain/time/timestamp.ts';
import { parseJson } from '../../../../src/formats/exact-json.ts';
import { fillBody } from '../../../../src/formats/template/fill-body.ts';
import { fillHeaders, fillParameters } from '../../../../src/formats/template/fill-pairs.ts';
import { fillText, fillValue, leftOut } from '../../../../src/formats/template/fill-text.ts';
import { fillUrl } from '../../../../src/formats/template/fill-url.ts';
import type { TemplateValues } from '../../../../src/formats/template/template-values.ts';
import { seededRandom } from '../../../support/seeded-random.ts';

const time = (text: string) => (parseIso8601(text) as { micros: Micros }).micros;
const values: TemplateValues = {
  timeFormat: 'iso8601',
  cursor: 'a/b&c',
  page: 3,
  offset: 200,
  limit: 100,
  since: time('2026-11-05T12:30:00Z'),
  until: time('2026-11-06T00:00:00.5Z'),
  now: time('2026-11-30T00:10:00Z'),
  last: parseJson('{"id":12345678901234567890,"sort":[1,"x"],"name":"O\\"Neil","none":null}').value as never,
  parent: parseJson('{"id":7,"title":"${cursor}","dots":"..","meta":{"k":true}}').value,
};
const none: TemplateValues = { timeFormat: 'iso8601' };

describe('a value of any depth', () => {
  test('keeps the type of what is one placeholder', () => {
    const filled = fillValue(
      {
        after: '${cursor}',
        page: '${page}',
        text: 'p${page}',
        list: ['${limit}', 'x', '${last:none}'],
        from: '${since:epoch_s}',
        ms: '${since:epoch_ms}',
        day: '${now-1d:yyyy-MM-dd}',
        whole: '${parent:meta}',
        search_after: '${last:sort}',
        fixed: 1,
      },
      values,
    );
    expect(filled).toEqual({
      after: 'a/b&c',
      page: 3,
      text: 'p3',
      list: [100, 'x'],
      from: 1_793_881_800,
      ms: 1_793_881_800_000,
      day: '2026-11-29',
      whole: { k: true },
      search_after: [1, 'x'],
      fixed: 1,
    });
  });

  test('leaves out what has no value, and writes an empty text inside a text', () => {
    const written = { a: '${cursor}', b: ['${last:id}', 1], c: 'x${cursor}y', d: 'x${cursor?}y', e: { f: '${until}' } };
    expect(fillValue(written, none)).toEqual({ b: [1], c: 'xy', e: {} });
    expect(fillValue('${cursor}', none)).toBe(leftOut);
  });

  test('is never read for placeholders again', () => {
    expect(fillValue(['${parent:title}', 'x ${parent:title}'], values)).toEqual(['${cursor}', 'x ${cursor}']);
    expect(fillText('$${cursor}', values)).toBe('${cursor}');
  });
});

describe('a URL', () => {
  const base = 'https://api.test';
  test.each([
    ['/items/${cursor}', '/items/a%2Fb%26c'],
    ['/items/${cursor}/x?y=${cursor}#${page}', '/items/a%2Fb%26c/x?y=a%2Fb%26c#3'],
    ['/${parent:title}', '/%24%7Bcursor%7D'],
    ['/v${page}/a?from=${since}&to=${until:yyyy-MM-dd}', '/v3/a?from=2026-11-05T12%3A30%3A00Z&to=2026-11-07'],
    ['/x?q=$${cursor}', '/x?q=${cursor}'],
    ['/x?id=${last:id}', '/x?id=12345678901234567890'],
    ['/x?s=${last:sort}', '/x?s=%5B1%2C%22x%22%5D'],
  ])('%s', (url, filled) => {
    expect(fillUrl(base + url, values)).toBe(base + filled);
  });

  test.each([
    ['/items/${cursor}', '/items/'],
    ['/x?a=1&after=${cursor}&b=2', '/x?a=1&after=&b=2'],
    ['/x?a=1&after=${cursor?}&b=2', '/x?a=1&b=2'],
    ['/x?after=${cursor?}', '/x'],
    ['/x/${page?}', '/x'],
    ['/x/p-${page?}/y', '/x/y'],
  ])('without values: %s', (url, filled) => {
    expect(fillUrl(base + url, none)).toBe(base + filled);
  });

  test('whose path would step up or stay is refused', () => {
    for (const url of ['/a/${parent:dots}/b', '/${parent:dots}', '/a/.${parent:dot}']) {
      const parent = { dots: '..', dot: '.' };
      expect(() => fillUrl(base + url, { ...none, parent })).toThrow(SourceRefused);
    }
    expect(fillUrl(`${base}/x?q=\${parent:dots}`, values)).toBe(`${base}/x?q=..`);
  });

  test('that is one placeholder is the address that it stands for', () => {
    const parent = { loc: ' https://other.test/a?b=c ' };
    expect(fillUrl('${parent:loc}', { ...none, parent })).toBe('https://other.test/a?b=c');
    expect(fillUrl('${parent:loc}', none)).toBe(leftOut);
  });

  test('keeps its host, its path and its other parameters, whatever the values are', () => {
    const random = seededRandom(17);
    const alphabet = [
      '/',
      '..',
      '.',
      '%2e',
      '?',
      '#',
      '&',
      '=',
      '@',
      '\\',
      ':',
      '\n',
      '\0',
      'é',
      '\ud800',
      'a',
      ' ',
      '+',
      '%',
    ];
    const written = Array.from({ length: 2_000 }, () => {
      const length = 1 + Math.floor(random() * 4);
      return Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)] ?? '').join('');
    });
    const fill = (cursor: string) => fillUrl('https://api.test/a/${cursor}/b?x=${cursor}&y=1', { ...none, cursor });
    const steps = written.filter((value) => /^\.{1,2}$/.test(value));
    for (const value of steps) expect(() => fill(value)).toThrow(SourceRefused);
    for (const value of written.filter((one) => !steps.includes(one))) {
      const url = new URL(String(fill(value)));
      expect(url.origin).toBe('https://api.test');
      expect(url.pathname.split('/')).toHaveLength(4);
      expect(url.pathname).toMatch(/^\/a\/.*\/b$/);
      expect([...url.searchParams]).toEqual([
        ['x', value.toWellFormed()],
        ['y', '1'],
      ]);
      expect(url.hash).toBe('');
    }
  });
});

describe('parameters and headers', () => {
  test('are left out while they have no value', () => {
    const written = {
      after: '${cursor}',
      text: 'a${cursor}',
      some: 'a${cursor?}',
      tags: ['x', '${cursor}'],
      plain: '1',
    };
    expect(fillParameters(written, none)).toEqual({ text: 'a', tags: ['x'], plain: '1' });
    expect(fillParameters(written, { ...none, cursor: [1, 2] })).toMatchObject({ after: ['1', '2'], text: 'a[1,2]' });
    expect(fillHeaders({ A: '${cursor}', B: 'b ${cursor}', C: 'c ${cursor?}' }, none)).toEqual({ B: 'b ' });
    expect(fillHeaders({ A: '${last:id}' }, values)).toEqual({ A: '12345678901234567890' });
  });
});

describe('a body', () => {
  test.each<[string, unknown, string | undefined, string]>([
    ['JSON with exact numbers', { id: '${last:id}' }, undefined, '{"id":12345678901234567890}'],
    [
      'a text that is JSON',
      '{"a": "${last:name}", "b": ${last:name}, "c": ${page}}',
      undefined,
      '{"a": "O\\"Neil", "b": "O\\"Neil", "c": 3}',
    ],
    ['a form', 'a=${cursor}&b=${last:name}', 'application/x-www-form-urlencoded', 'a=a%2Fb%26c&b=O%22Neil'],
    ['XML', '<a b="${last:name}">${cursor}</a>', undefined, '<a b="O&quot;Neil">a/b&amp;c</a>'],
    ['another text', 'q ${last:name}', 'text/plain', 'q O"Neil'],
    ['one placeholder', '${last:sort}', undefined, '[1,"x"]'],
  ])('%s', (_title, body, type, content) => {
    expect(fillBody(body, values, type)).toBe(content);
  });

  test.each<[unknown, string | undefined, string | null]>([
    [{ a: '${cursor}', b: 1 }, undefined, '{"b":1}'],
    ['{"a": ${cursor}, "b": "${cursor}"}', undefined, '{"a": null, "b": ""}'],
    ['a=1&b=${cursor?}&c=${last:a && b}', 'application/x-www-form-urlencoded', 'a=1&c='],
    ['${cursor}', undefined, null],
    ['text ${cursor?}', 'text/plain', null],
  ])('%j without values', (body, type, content) => {
    expect(fillBody(body, none, type)).toBe(content);
  });
});
