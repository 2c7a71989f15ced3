/** Why a record cannot be taken. The names are public: dead letters contain them. */
export const rejectionReasons = [
  'invalid_json',
  'wrong_shape',
  'missing_id',
  'invalid_id',
  'duplicate_id',
  'missing_time',
  'invalid_time',
  'out_of_range',
  'schema',
  'too_large',
  'too_costly',
  'unstorable',
  'parent_failed',
] as const;
export type RejectionReason = (typeof rejectionReasons)[number];

/** A refused record's reason, with a sentence that says what was found, expected and what to do. */
export interface Rejection {
  readonly reason: RejectionReason;
  readonly message: string;
}
