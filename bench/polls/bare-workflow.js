// The least that Temporal can do: a workflow of one activity that does nothing.
import { proxyActivities } from '@temporalio/workflow';

const { nothing } = proxyActivities({ startToCloseTimeout: '1 minute' });

export async function bare() {
  await nothing();
}
