/** Resolves once a signal is aborted. */
export async function aborted(signal: AbortSignal): Promise<null> {
  if (!signal.aborted) {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }
  return null;
}

/** Aborted by the first Ctrl-C, SIGTERM or hangup; further ones are heard, and change nothing. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => controller.abort());
  return controller.signal;
}
