import type { AlertName } from '../../domain/monitoring/alert.ts';

/** Says which alerts may be open, so that the others need not be read. */
export interface AlertView {
  mayBeOpen(source: string, name: AlertName): boolean;
  /** Whether a change of an alert may still have to be sent. @param isWanted picks sources */
  mayBePending(isWanted: (source: string) => boolean): boolean;
}

/** Of no alert it is known that it is not open: each is read. */
export const unknownAlerts: AlertView = { mayBeOpen: () => true, mayBePending: () => true };
