import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { PollEnd } from '../../domain/state/fetch-position.ts';
import type { PollStep } from '../pagination/page-sequence.ts';
import { nextPart } from '../pagination/poll-parts.ts';

/** Where one part of a poll ends, the next one begins. */
export function intoNextPart(plan: SourcePlan, step: PollStep): PollStep {
  const { position, end } = step;
  if (end === null || !endsPart(end) || plan.type === 'file' || plan.type === 'module') return step;
  const next = position.place.type === 'http' ? nextPart(plan, position.place) : null;
  if (next === null) return step;
  return { ...step, position: { ...position, place: next }, end: null, jumps: true };
}

function endsPart({ cutShort, notModified, notBefore }: PollEnd): boolean {
  return !cutShort && !notModified && notBefore === null;
}
