import { compileFinder, type Expression } from '../../domain/expression.ts';
import type { FieldPlan, FieldPlans } from '../../domain/html-plan.ts';
import { createTransform, type Transform } from './transform-text.ts';

/** A field of the plan, ready to be read many times. */
export interface Field extends Pick<FieldPlan, 'selector' | 'attr' | 'html' | 'type' | 'required' | 'list'> {
  readonly name: string;
  /** Where it is in the record and where it is sought, for messages: `offer.price (.price)`. */
  readonly label: string;
  /** Null = the field is no JSON. */
  readonly json: Expression | null;
  /** Null = the text is taken as it is. */
  readonly transform: Transform | null;
  readonly fields: readonly Field[] | null;
}

export function compileFields(plans: FieldPlans, within = ''): readonly Field[] {
  return Object.entries(plans).map(([name, plan]) => {
    const { selector, attr, html, type, required, list, json, transforms, fields } = plan;
    const place = [selector, attr === null ? null : `@${attr}`, json].filter((part) => part !== null).join(' ');
    return {
      ...{ name, selector, attr, html, type, required, list },
      label: place === '' ? within + name : `${within}${name} (${place})`,
      json: json === null ? null : compileFinder(json),
      transform: transforms.length === 0 ? null : createTransform(transforms),
      fields: fields && compileFields(fields, `${within}${name}.`),
    };
  });
}
