import type { Info } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { ActivityDependencies } from '../../../src/activities/support/dependencies.ts';
import { runActivities } from '../../../src/worker/interceptors/run-activities.ts';

/** Runs activities as the worker does: with heartbeats, and errors turned into failures. */
export function activityEnvironment(
  dependencies: Pick<ActivityDependencies, 'config' | 'lookUp' | 'http'>,
  info: Partial<Info> = {},
): MockActivityEnvironment {
  // The SDK warns of each failure.
  const logger = new DefaultLogger('ERROR');
  return new MockActivityEnvironment(info, { interceptors: [runActivities(dependencies)], logger });
}
