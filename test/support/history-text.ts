import type { WorkflowHandle } from '@temporalio/client';

/** Everything a workflow's history holds, payloads decoded, as one text. */
export async function historyText(handle: WorkflowHandle): Promise<string> {
  const texts: string[] = [];
  collect(await handle.fetchHistory(), texts);
  return texts.join('\n');
}

function collect(value: unknown, texts: string[]): void {
  if (value instanceof Uint8Array) texts.push(Buffer.from(value).toString());
  else if (typeof value === 'string') texts.push(value);
  else if (typeof value === 'object' && value !== null)
    for (const member of Object.values(value)) collect(member, texts);
}
