// What a figure depends on besides the program: the machine, and what else it does.
import { cpus, loadavg } from 'node:os';

export function machine() {
  const [first] = cpus();
  return { cores: cpus().length, model: first?.model ?? 'unknown', node: process.versions.node };
}

/** Watches the load while something is measured. */
export class LoadWatch {
  #values = [loadavg()[0]];

  note() {
    this.#values.push(loadavg()[0]);
  }

  /** Before the first measurement, and the most since; the bench's own work counts, too. */
  get text() {
    return `${this.#values[0].toFixed(1)} before, at most ${Math.max(...this.#values).toFixed(1)}`;
  }
}
