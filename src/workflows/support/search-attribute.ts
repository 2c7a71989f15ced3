import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import { sourceSearchAttribute } from '../../domain/names.ts';

/** Lets the workflow be found by its source. Only if the server knows the attribute: else it would be blocked forever. */
export function setSourceAttribute(source: string): void {
  upsertSearchAttributes([{ key: defineSearchAttributeKey(sourceSearchAttribute, 'KEYWORD'), value: source }]);
}
