import type { StoredPauses } from '../../src/store/run/pauses.ts';

/** A store without a paused source. */
export const noPauses: StoredPauses = {
  read: async () => null,
  readAll: async () => new Map(),
  write: async () => {},
  end: async () => false,
};
