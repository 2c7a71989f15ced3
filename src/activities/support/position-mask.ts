import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import { createHeldMask, needsHeld } from '../../domain/secrets/held-mask.ts';
import type { SecretMask } from '../../domain/secrets/secret-mask.ts';
import { secretMaskFor, type SecretAccess } from './source-secrets.ts';

/** Hides all secrets of a source in what workflows carry and blobs keep: those of its configuration, and what a login gave out. */
export interface PositionMask extends SecretMask {
  /**
   * Logs in where texts need that.
   * @returns whether all of them can be revealed; if not, nothing may be requested with them
   */
  prepare(texts: readonly string[]): Promise<boolean>;
}

/** @param plan with its secrets filled in */
export function positionMaskFor(plan: SourcePlan, access: SecretAccess): PositionMask {
  const { tokens } = access.http;
  const written = secretMaskFor(plan.name, access);
  const held = createHeldMask(() => ('auth' in plan ? tokens.held(plan) : []));
  return {
    hide: (text) => held.hide(written.hide(text)),
    reveal: (text) => held.reveal(written.reveal(text)),
    async prepare(texts) {
      if (!texts.some(needsHeld)) return true;
      if ('auth' in plan) await tokens.credentials(plan);
      return !texts.some((text) => held.lacks(text));
    },
  };
}
