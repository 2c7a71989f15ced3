/** What a run noticed that its user should look at. The codes are public: docs/errors.md explains each. */
export const warningCodes = ['state_changed'] as const;
export type WarningCode = (typeof warningCodes)[number];

/** A warning of a receipt. It never changes the outcome. */
export interface Warning {
  readonly code: WarningCode;
  readonly message: string;
  /** How often it was noticed. */
  readonly count: number;
}
