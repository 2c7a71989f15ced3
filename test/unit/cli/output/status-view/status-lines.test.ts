import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { detailLines } from '../../../../../src/cli/output/status-view/status-detail.ts';
import { statusLines } from '../../../../../src/cli/output/status-view/status-print.ts';
import { textWidth } from '../../../../../src/cli/output/terminal/text-width.ts';
import { aStatus, now, sixtySources } from './a-status.ts';

const plain = (columns: number) => ({ columns, hasColour: false });
const linesOf = (columns: number, problemsOnly = false) =>
  statusLines(sixtySources(), { terminal: plain(columns), now, problemsOnly });
/** The rows of the table of sources. */
const rowsOf = (lines: readonly string[]) => {
  const rule = lines.findIndex((line) => /^-+( +-+)*$/.test(line));
  return lines.slice(rule + 1, lines.indexOf('', rule));
};

describe('status with 60 sources, 9 of them with problems', () => {
  test.each([20, 33, 40, 60, 80, 100, 120, 160])('fits %i columns, a row for each source', (columns) => {
    const lines = linesOf(columns);
    expect(lines.filter((line) => textWidth(line) > columns)).toEqual([]);
    expect(rowsOf(lines)).toHaveLength(60);
    expect(linesOf(columns, true).filter((line) => textWidth(line) > columns)).toEqual([]);
  });

  test('sums up in its first line', () => {
    const summary = '60 sources: 4 failing, 2 late, 3 deferred, 51 ok; 1 running, 1 waiting; 4 alerts; 12 dead letters';
    expect(linesOf(160)[0]).toBe(summary);
    const narrow = linesOf(40);
    expect(narrow.slice(0, 3).join(' ').replaceAll(/ +/g, ' ')).toBe(summary);
  });

  test('shows those with problems first, also in the table', () => {
    for (const columns of [40, 60, 80, 160, Infinity]) {
      const rows = rowsOf(linesOf(columns));
      const healths = rows.map((row) => / (failing|late|deferred|ok)\b/.exec(row)?.[1]);
      expect(healths.slice(0, 10)).toEqual([
        ...Array.from({ length: 4 }, () => 'failing'),
        'late',
        'late',
        'deferred',
        'deferred',
        'deferred',
        'ok',
      ]);
    }
  });

  test('shortens times before it leaves columns out, and names last', () => {
    const head = (columns: number) => linesOf(columns).find((line) => line.startsWith('source ')) ?? '';
    expect(head(160)).toMatch(/^source +health +last run +next run +today +watermark +running$/);
    expect(head(80)).toMatch(/^source +health +last run +next +today +running$/);
    expect(head(40)).toMatch(/^source +health +last/);
    const named = (columns: number) =>
      rowsOf(linesOf(columns)).flatMap((row) => /^\S*number-\S*|^a-\S*…\S*/.exec(row) ?? []);
    expect(named(160)).toContain('a-source-with-quite-a-long-name-number-14');
    expect(named(80)).toContainEqual(expect.stringMatching(/^a-source-.*….*-14$/));
    expect(new Set(named(40)).size).toBe(9);
  });

  test('shows each problem in two lines of a terminal, in full with --problems, and in one line elsewhere', () => {
    const [short, whole, piped] = [linesOf(80), linesOf(80, true), linesOf(Infinity)];
    const of = (lines: readonly string[]) => {
      const from = lines.findIndex((line) => line.startsWith('source-10: '));
      return lines.slice(
        from,
        lines.findIndex((line, at) => at > from && /^\S/.test(line)),
      );
    };
    expect(of(short)).toEqual([
      'source-10: failing since 06:00Z (alert run_failed): SourceRefused: fetch: the',
      expect.stringMatching(/^ {2}server of the source answered 403 .*…$/),
    ]);
    expect(of(whole).join(' ')).toMatch(/expected 2xx$/);
    expect(of(piped)).toEqual([
      expect.stringMatching(/^source-10: failing since 2026-11-01T06:00:00\.000Z \(alert run_failed\): .*2xx$/),
    ]);
    expect(whole.some((line) => line.startsWith('source-9 '))).toBe(false);
  });

  test('says what an active run waits for', () => {
    expect(linesOf(160)).toContain(
      'source-1: its run, started 2026-11-01T09:00:00.000Z, waits for PostgreSQL: SinkUnavailable: the connection was refused',
    );
    const row = (name: string) => rowsOf(linesOf(160)).find((line) => line.startsWith(`${name} `));
    expect(row('source-1')).toMatch(/waits 60s$/);
    expect(row('source-2')).toMatch(/for 12s$/);
  });

  test('has the same text in colour', () => {
    const status = sixtySources();
    const coloured = statusLines(status, { terminal: { columns: 80, hasColour: true }, now });
    expect(coloured.map((line) => stripVTControlCharacters(line))).toEqual(linesOf(80));
    expect(coloured[0]).toContain('\u001b[31m60 sources');
    expect(coloured.find((line) => line.startsWith('source-59 '))).toContain('\u001b[32mok\u001b[39m');
  });
});

describe('status without problems', () => {
  test('says so', () => {
    expect(statusLines(aStatus(['news', 'wire']), { terminal: plain(80), now })).toEqual([
      '2 sources: 2 ok; no active runs; no alerts; no dead letters',
      '',
      'source  health  last run    next run  today  watermark',
      '------  ------  ----------  --------  -----  ---------',
      'news    ok      ok 60s ago  in 15m       12  -',
      'wire    ok      ok 60s ago  in 15m       12  -',
      '',
      'PostgreSQL  18.4',
      'Temporal    127.0.0.1:7233, Web UI http://127.0.0.1:8233',
      'partitions  7 days ahead, oldest 2026-10-01',
      'canary      passed 30s ago, in 2.17 s',
    ]);
  });

  test('has no problems', () => {
    const lines = statusLines(aStatus(['news']), { terminal: plain(80), now, problemsOnly: true });
    expect(lines).toEqual(['1 source: 1 ok; no active runs; no alerts; no dead letters']);
  });

  test('counts dead letters only if they are readable', () => {
    const [summary] = statusLines(aStatus(['news'], { letters: null }), { terminal: plain(80), now });
    expect(summary).toMatch(/dead letters not counted$/);
  });
});

describe('status of one source', () => {
  const detail = (name: string, columns: number) => {
    const status = sixtySources();
    const source = status.sources.find((found) => found.name === name);
    return source ? detailLines(source, status, plain(columns), now) : [];
  };

  test('shows everything known about it', () => {
    expect(detail('source-10', Infinity)).toEqual([
      'source-10  failing since 2026-11-01T06:00:00.000Z, for 3h',
      expect.stringMatching(/^ {2}reason {8}SourceRefused: .*2xx$/),
      '  last run      failed 60s ago, at 2026-11-01T09:00:00.000Z, in 1m',
      '                scrape-quakes-1',
      '                fetched 0, new 0, csv 0',
      expect.stringMatching(/^ {16}SourceRefused: /),
      '  next run      in 15m, at 2026-11-01T09:16:00.000Z',
      '  records today 12',
      '  watermark     -',
      '  dead letters  0',
      expect.stringMatching(/^ {2}alert {9}run_failed since 2026-11-01T06:00:00\.000Z: SourceRefused/),
    ]);
    expect(detail('source-3', Infinity)).toContain('  dead letters  12: ./daybook dead-letters list --source source-3');
    expect(detail('source-1', Infinity)[1]).toMatch(/running +for 60s, .*; waits for PostgreSQL: /);
  });

  test.each([20, 40, 60, 80, 160])('fits %i columns', (columns) => {
    for (const name of ['source-10', 'source-1', 'source-30']) {
      const lines = detail(name, columns);
      expect(lines.length).toBeGreaterThan(5);
      expect(lines.filter((line) => textWidth(line) > columns)).toEqual([]);
    }
  });
});
