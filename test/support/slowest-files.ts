import type { Reporter, TestModule } from 'vitest/node';

const shown = 10;

/** Names the slowest files at the end of a run: where the next second can be saved. */
export default class SlowestFiles implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const timed = modules.map((module) => ({ module, ms: timeOf(module) })).sort((a, b) => b.ms - a.ms);
    const lines = timed.slice(0, shown).map(({ module, ms }) => `${seconds(ms)}  ${module.relativeModuleId}`);
    const folders = new Map<string, number>();
    for (const { module, ms } of timed) {
      const folder = module.relativeModuleId.split('/')[1] ?? '';
      folders.set(folder, (folders.get(folder) ?? 0) + ms);
    }
    const sums = [...folders].map(([name, ms]) => `${name} ${seconds(ms).trim()}`).join(', ');
    process.stdout.write(`\nTime of ${modules.length} files: ${sums}; the slowest:\n${lines.join('\n')}\n`);
  }
}

function timeOf(module: TestModule): number {
  const { collectDuration, setupDuration, duration } = module.diagnostic();
  return collectDuration + setupDuration + duration;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(7)} s`;
}
