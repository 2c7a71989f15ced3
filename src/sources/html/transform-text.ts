import type { TransformPlan } from '../../domain/html-plan.ts';

/** What the steps make of a text; null = no value. */
export type Transform = (text: string) => string | null;

/** Does one step after the other, each in the order trim, regex, replace. */
export function createTransform(plans: readonly TransformPlan[]): Transform {
  const steps = plans.flatMap(({ trim, regex, replace }): Transform[] => [
    ...(trim ? [(text: string) => text.trim()] : []),
    ...(regex === null ? [] : [firstGroup(new RegExp(regex, 'u'))]),
    ...(replace === null ? [] : [replacement(new RegExp(replace.pattern, 'gu'), replace.with)]),
  ]);
  return (text) => steps.reduce<string | null>((value, step) => (value === null ? null : step(value)), text);
}

function firstGroup(pattern: RegExp): Transform {
  return (text) => {
    const match = pattern.exec(text);
    return match === null ? null : ((match.length > 1 ? match[1] : match[0]) ?? null);
  };
}

function replacement(pattern: RegExp, by: string): Transform {
  return (text) => text.replace(pattern, by);
}
