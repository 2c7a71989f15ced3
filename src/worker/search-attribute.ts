import type { NativeConnection } from '@temporalio/worker';
import { sourceSearchAttribute } from '../domain/names.ts';

/** Keyword, in Temporal's enum of indexed value types. */
const keywordType = 2;

/**
 * Registers the search attribute and tells whether the server knows it now. Workflows must not upsert one that it does
 * not: that would stick every run for ever. On Temporal Cloud it is made once with `tcld`, see docs.
 */
export async function registerSearchAttribute(connection: NativeConnection, namespace: string): Promise<boolean> {
  const { operatorService } = connection;
  try {
    await operatorService.addSearchAttributes({
      namespace,
      searchAttributes: { [sourceSearchAttribute]: keywordType },
    });
  } catch {
    // It exists already, or this user may not make it: the list below decides.
  }
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    return customAttributes?.[sourceSearchAttribute] === keywordType;
  } catch {
    return false;
  }
}
