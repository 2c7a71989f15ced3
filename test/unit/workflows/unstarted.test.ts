import { ActivityFailure, ApplicationFailure, RetryState, TimeoutFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { isUnstarted } from '../../../src/workflows/support/failure.ts';

const failed = (cause: Error) =>
  new ActivityFailure('Activity task failed', 'fetchBatch', '1', RetryState.TIMEOUT, 'worker', cause);

test('an activity that no worker has started is told from one that took too long, and from one that failed', () => {
  expect(isUnstarted(failed(new TimeoutFailure(undefined, undefined, 'SCHEDULE_TO_START')))).toBe(true);
  expect(isUnstarted(failed(new TimeoutFailure(undefined, undefined, 'START_TO_CLOSE')))).toBe(false);
  expect(isUnstarted(failed(ApplicationFailure.create({ type: 'ConfigChanged' })))).toBe(false);
  expect(isUnstarted(new Error('other'))).toBe(false);
});
