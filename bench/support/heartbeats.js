// Heartbeats that reached Temporal, which no history shows: the worker's own metrics count its calls.

/** @returns how many calls there were so far; null where the product's metrics do not say */
export async function heartbeatsSoFar(http) {
  try {
    const text = await (await fetch(`${http}/metrics`)).text();
    if (!/^temporal_request(?:_total)?\{/m.test(text)) return null;
    const lines = text.matchAll(/^temporal_request(?:_total)?\{([^}]*)\} (\S+)/gm);
    let calls = 0;
    for (const [, labels, value] of lines) {
      if (labels.includes('operation="RecordActivityTaskHeartbeat"')) calls += Number(value);
    }
    return calls;
  } catch {
    return null;
  }
}
