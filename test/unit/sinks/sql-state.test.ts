import { describe, expect, test } from 'vitest';
import {
  actionFor,
  hintFor,
  isPartitionRace,
  isSqlState,
  type SqlStateAction,
} from '../../../src/sinks/postgres/sql-state.ts';

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
  ['misconfigured', ['DB002']],
];
const rows = table.flatMap(([action, codes]) => codes.map((code) => ({ code, action })));

describe('actionFor', () => {
  test.each(rows)('$code means $action', ({ code, action }) => {
    expect(actionFor({ code, message: 'any' })).toBe(action);
  });

  test('tells a missing partition from a check constraint by the constraint name', () => {
    const message = 'no partition of relation "raw_events" found for row';
    expect(actionFor({ code: '23514', message })).toBe('ensure_partition');
    expect(actionFor({ code: '23514', constraint: 'payload_is_small', message })).toBe('bisect');
  });

  test('takes a stale plan for one, although its code is that of a missing feature', () => {
    expect(actionFor({ code: '0A000', message: 'cached plan must not change result type' })).toBe('reprepare');
  });

  test.each(['23505', 'P0001', 'ZZ999', '99999'])('retries %s, which nobody expects, and has someone look', (code) => {
    expect(actionFor({ code, message: 'any' })).toBe('retry_alert');
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
  const misconfigured = rows.filter(({ action, code }) => action === 'misconfigured' && code !== 'DB002');

  test.each(misconfigured)('names the fix of $code', ({ code }) => {
    expect(hintFor({ code, message: 'any' })).not.toBe('');
  });

  test('of exhausted lock memory names the setting', () => {
    expect(hintFor({ code: '53200', message: 'any' })).toContain('max_locks_per_transaction');
  });
});
