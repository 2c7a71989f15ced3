import { hidesValues } from '../../domain/plan/shaping-plan.ts';
import { truncate } from '../../domain/secrets/redact.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';

/** The beginning of a text on one line, for a message. */
export function beginningOf(text: string): string {
  return truncate(text.trimStart(), 40).replaceAll(/\s+/g, ' ');
}

/** How a body that is not what was expected begins, for a message; empty where the source has a mask. */
export function shownStart(plan: Pick<SourcePlan, 'shaping'>, text: string): string {
  if (hidesValues(plan)) return '';
  return ` that begins "${beginningOf(text)}"`;
}
