/** How far the export of a run has come. No address is in it: those are in blobs of the run. */
export interface ExportProgress {
  /** Counts the jobs of the run from 0: one that is planned again may need another one. */
  readonly number: number;
  /** `fetchFingerprint` of the plan that it was submitted by. */
  readonly fingerprint: string;
  /** Its id, as it may be shown. */
  readonly job: string;
  /** When it was requested: the poll began then. ISO 8601. */
  readonly submittedAt: string;
  /** How often its status was requested. */
  readonly looks: number;
  /** What the run has spent waiting for it, pauses not included. */
  readonly waitedMs: number;
  /** When its status is requested next, in milliseconds since 1970. */
  readonly dueMs: number;
  readonly isDone: boolean;
}

/** Names the job of an export, for activities. */
export type ExportJob = Pick<ExportProgress, 'number' | 'job' | 'submittedAt'>;
