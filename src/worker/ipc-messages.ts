import type { FailedReceipt, Receipt } from '../domain/run/receipt.ts';

/** What a worker tells the `up` that started it. */
export type WorkerMessage =
  | { readonly type: 'polling'; readonly http: string | null }
  | { readonly type: 'receipt'; readonly receipt: Receipt | FailedReceipt };

/** What `up` tells its worker. */
export interface ParentMessage {
  readonly type: 'schedules-applied';
}
