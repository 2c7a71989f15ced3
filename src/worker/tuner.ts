import { ResourceBasedController, type WorkerTuner } from '@temporalio/worker';

const targetCpuUsage = 0.9;
/** As many as without a target: a machine whose processors are busy is no reason to take fewer, because most activities only wait. */
const minimum = { workflows: 40, activities: 100 };
/** The database has ten connections for the activities. */
const maximum = { workflows: 40, activities: 300 };

/**
 * Lets a worker take more than the fixed number of activities while the memory and the processors of its machine or container allow it.
 * All pollers of a process share it.
 * @param targetMemoryUsage share of the memory, between 0 and 1
 */
export function createTuner(targetMemoryUsage: number): WorkerTuner {
  return {
    controller: ResourceBasedController.create({ targetMemoryUsage, targetCpuUsage }),
    workflowTaskSlotOptions: { minimumSlots: minimum.workflows, maximumSlots: maximum.workflows },
    activityTaskSlotOptions: {
      minimumSlots: minimum.activities,
      maximumSlots: maximum.activities,
      // The default, 50 ms, is longer than most activities take.
      rampThrottle: '10ms',
    },
  };
}
