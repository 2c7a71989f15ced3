import type { TransformPlan } from '../../domain/plan/html-plan.ts';
import { compilePattern } from '../../formats/pattern/pattern.ts';

/** What the steps make of a text; null = no value. */
export type Transform = (text: string) => string | null;

/** Does one step after the other, each in the order trim, regex, replace. */
export function createTransform(plans: readonly TransformPlan[]): Transform {
  const steps = plans.flatMap(({ trim, regex, replace }): Transform[] => [
    ...(trim ? [(text: string) => text.trim()] : []),
    ...(regex === null ? [] : [firstGroup(regex)]),
    ...(replace === null ? [] : [replacement(replace.pattern, replace.with)]),
  ]);
  return (text) => steps.reduce<string | null>((value, step) => (value === null ? null : step(value)), text);
}

function firstGroup(source: string): Transform {
  const pattern = compilePattern(source);
  return (text) => {
    const match = pattern.exec(text);
    return match === null ? null : ((match.length > 1 ? match[1] : match[0]) ?? null);
  };
}

function replacement(source: string, by: string): Transform {
  const pattern = compilePattern(source);
  return (text) => pattern.replace(text, by);
}
