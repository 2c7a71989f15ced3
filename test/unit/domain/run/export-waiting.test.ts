import { expect, test } from 'vitest';
import { nextLookMs, timeoutProblem, waitingNote } from '../../../../src/domain/run/export-waiting.ts';

const status = {
  method: 'GET',
  url: '',
  params: {},
  headers: {},
  doneWhen: 'done',
  failedWhen: null,
  message: null,
  everyMs: 10_000,
  timeoutMs: 60_000,
} as const;

test.each([
  ['the usual time', 0, 0, 10_000],
  ['longer where the API asks for it', 0, 25_000, 25_000],
  ['the usual time where the API asks for less', 0, 2_000, 10_000],
  ['until the time is up, for a last look', 55_000, 0, 5_000],
  ['no longer once the time is up', 60_000, 0, null],
  ['not for an API that asks for more than is left', 50_000, 20_000, null],
])('the next look waits %s', (_, waitedMs, askedMs, expected) => {
  expect(nextLookMs(status, waitedMs, askedMs)).toBe(expected);
});

test('what a run waits for is shown, and why it gives up', () => {
  expect(waitingNote({ job: '123', looks: 4 }, null)).toBe('Waiting for export job 123, asked 4 times');
  expect(waitingNote({ job: '123', looks: 1 }, 'running')).toBe('Waiting for export job 123 (running), asked 1 time');
  expect(timeoutProblem('orders', status, { job: '123', looks: 6 }, 'running')).toBe(
    'export: orders: job 123 was not done within 1m (asked 6 times, last running), expected done_when: done; raise export.status.timeout if its jobs take longer',
  );
});
