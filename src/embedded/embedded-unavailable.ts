import { DaybookError } from '../domain/errors.ts';

/** A part of the embedded stack cannot run here; the message says what to do. */
export class EmbeddedUnavailable extends DaybookError {
  readonly type = 'EmbeddedUnavailable';
  readonly next = 'never';
}
