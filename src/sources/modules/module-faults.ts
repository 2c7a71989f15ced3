interface RunningModule {
  readonly path: string;
  readonly fail: (error: unknown) => void;
}

/**
 * Errors that modules throw where nobody awaits them: in a timer, or in a promise that floats. They would end the process, and
 * all other sources with it; here they fail the runs of their module.
 */
export class ModuleFaults {
  readonly #running = new Set<RunningModule>();

  /** @returns ends the watch */
  watch(path: string, fail: (error: unknown) => void): () => void {
    const running = { path, fail };
    this.#running.add(running);
    return () => this.#running.delete(running);
  }

  /** Hands an error to the runs of the module that it comes from; false where it comes from none that runs. */
  report(error: unknown): boolean {
    const trace = error instanceof Error ? (error.stack ?? '') : '';
    const guilty = [...this.#running].filter(({ path }) => trace.includes(path));
    for (const { fail } of guilty) fail(error);
    return guilty.length > 0;
  }
}
