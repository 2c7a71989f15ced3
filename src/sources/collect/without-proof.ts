import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { PollStep } from '../pagination/page-sequence.ts';

/**
 * Where the page after the first was the first again, and others followed, records were inserted in the meantime, or two numbers
 * name the first page. It is unclear which: the poll is `partial`, and the next one reads everything again. So it is where records
 * may share the key or time at the end of a page.
 */
export function withoutProof({ name }: SourcePlan, { position, end, ...course }: PollStep): PollStep {
  if (!end || end.notBefore) return { ...course, position, end };
  const unproved = position.place.type === 'http' ? position.place.values?.unproved : undefined;
  if (unproved !== undefined) {
    const { keepsToken: _token, ...over } = end;
    const paging = end.paging ?? `${name}: ${unproved}. The watermark does not change`;
    const warnings = [...(course.warnings ?? []), { code: 'records_unproved' as const, message: unproved, count: 1 }];
    return { ...course, position, end: { ...over, cutShort: true, paging }, warnings };
  }
  if (end.cutShort || position.frontRepeated !== true) return { ...course, position, end };
  const message =
    'the second page repeated the first: records were inserted in between, or two page numbers lead to it';
  const { keepsToken: _keepsToken, ...rest } = end;
  const warnings = [...(course.warnings ?? []), { code: 'page_repeated' as const, message, count: 1 }];
  return { ...course, position, end: { ...rest, cutShort: true }, warnings };
}
