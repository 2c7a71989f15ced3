import { AsyncLocalStorage } from 'node:async_hooks';

const current = new AsyncLocalStorage<{ code: number }>();

/** Sets the exit code of the command that is running: 1 failed, 2 wrong usage or configuration. */
export function setExitCode(code: 1 | 2): void {
  const holder = current.getStore();
  if (holder) holder.code = code;
}

/** Runs a command and returns the exit code that it set; 0 where it set none. */
export async function exitCodeOf(run: () => Promise<unknown>): Promise<number> {
  const holder = { code: 0 };
  await current.run(holder, run);
  return holder.code;
}
