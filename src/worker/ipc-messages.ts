import type { FailedReceipt, Receipt } from '../domain/run/receipt.ts';

/** Messages of a worker to the `up` that started it. */
export type WorkerMessage =
  | { readonly type: 'polling'; readonly http: string | null }
  | { readonly type: 'receipt'; readonly receipt: Receipt | FailedReceipt };

/** Messages of `up` to its worker. */
export interface ParentMessage {
  readonly type: 'schedules-applied';
}
