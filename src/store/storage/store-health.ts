import type { StorageStatus } from '../../domain/monitoring/storage-health.ts';

/** Whether a store can be used: by the outcome of what is done with it, and by probes of its own. */
export interface StoreHealth {
  /** Tries what failed before, and whether it can be written. */
  probe(): Promise<void>;
  status(): StorageStatus;
}
