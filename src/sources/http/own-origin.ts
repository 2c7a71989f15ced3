import type { HttpPlanBase } from '../../domain/plan/source-plan.ts';
import { onlyPlaceholder, parseTemplate } from '../../formats/template/parse-template.ts';

/** The part of a plan that says where its requests may carry secrets. */
type Origins = Pick<HttpPlanBase, 'url' | 'templates' | 'trustedOrigins' | 'origins'>;

/** The origin of a source's own address; null if a record gives its address. */
export function ownOrigin({ url, templates }: Pick<Origins, 'url' | 'templates'>): string | null {
  if (templates !== true) return new URL(url).origin;
  if (onlyPlaceholder(url)) return null;
  // No placeholder is before the path.
  const sample = parseTemplate(url).map((part) => (part.kind === 'text' ? part.text : '1'));
  return new URL(sample.join('')).origin;
}

/** Whether an origin gets a source's headers and secrets. */
export function isTrusted(plan: Origins, origin: string): boolean {
  return (
    origin === ownOrigin(plan) ||
    plan.trustedOrigins?.includes(origin) === true ||
    plan.origins?.includes(origin) === true
  );
}
