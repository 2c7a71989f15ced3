/** Why a run cannot continue: the `error` of its receipt. */
export interface RunFailure {
  readonly type: string;
  readonly message: string;
}
