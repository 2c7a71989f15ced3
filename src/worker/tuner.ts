import { ResourceBasedController, type WorkerTuner } from '@temporalio/worker';

/** Above this more tasks at once only make each of them slower. */
const targetCpuUsage = 0.9;
/** Tasks that are taken whatever other processes use: no worker stops to work. */
const minimum = { workflows: 5, activities: 20 };
/** Without a target there are 40 and 100. The database has ten connections for the activities. */
const maximum = { workflows: 40, activities: 300 };

/**
 * Lets a worker take tasks as long as the memory and the processors of its machine or container allow, instead of a fixed number.
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
