import type { NativeConnection } from '@temporalio/worker';
import { sourceSearchAttribute } from '../domain/names.ts';

/** Keyword, in Temporal's enum of indexed value types. */
const keywordType = 2;
/** How often it is checked: without it, workflows that use it are blocked. */
const lookMs = 20_000;

/** The search attribute of sources, as long as a worker runs. */
export interface SearchAttribute {
  /** Whether the server knew it when it was asked last. */
  readonly isKnown: () => boolean;
  readonly stop: () => void;
}

/**
 * Registers the search attribute, and again if it is removed. Workflows must not upsert one that the server does not know: that
 * would block them until it does. On Temporal Cloud it is made once with `tcld`, see docs.
 * @param onChange called if the server does not know it, and whenever that changes
 */
export async function keepSearchAttribute(
  connection: Pick<NativeConnection, 'operatorService'>,
  namespace: string,
  onChange: (isKnown: boolean) => void,
  everyMs = lookMs,
): Promise<SearchAttribute> {
  let isKnown = (await register(connection, namespace)) ?? false;
  if (!isKnown) onChange(false);
  const take = (found: boolean | null) => {
    // No answer of the server is not a finding.
    if (found === null || found === isKnown) return;
    isKnown = found;
    onChange(isKnown);
  };
  const look = async () => {
    const found = await knowsSearchAttribute(connection, namespace);
    take(found);
    if (found === false) take(await register(connection, namespace));
  };
  const timer = setInterval(() => void look(), everyMs);
  timer.unref();
  return { isKnown: () => isKnown, stop: () => clearInterval(timer) };
}

/** Null if the server does not say whether it knows it now. */
async function register(
  connection: Pick<NativeConnection, 'operatorService'>,
  namespace: string,
): Promise<boolean | null> {
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: { [sourceSearchAttribute]: keywordType },
    });
  } catch {
    // It exists already, or this user may not make it: the list decides.
  }
  return knowsSearchAttribute(connection, namespace);
}

/** Whether the server knows the search attribute, as the type that sources need; null if it does not say. */
export async function knowsSearchAttribute(
  { operatorService }: Pick<NativeConnection, 'operatorService'>,
  namespace: string,
): Promise<boolean | null> {
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    return customAttributes?.[sourceSearchAttribute] === keywordType;
  } catch {
    return null;
  }
}
