import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { sourceAttributeKey as key } from '../../domain/names.ts';

/** Lets the workflow be found by its source. Only if the server knows the attribute: else it would be blocked forever. */
export function setSourceAttribute(source: string): void {
  upsertSearchAttributes([{ key, value: source }]);
}

/** The attribute for a workflow that this one starts: only where this one has it, so that the server knows it. */
export function attributeForChild(source: string) {
  return hasSourceAttribute(source) ? { typedSearchAttributes: [{ key, value: source }] } : {};
}

/** Whether the workflow was started with its source as an attribute, or has set it: another upsert would cost an action. */
export function hasSourceAttribute(source: string): boolean {
  return workflowInfo().typedSearchAttributes.get(key) === source;
}
