// What an operator waits for at so many sources: commands, and the worker's own pages. Each is asked for a few times, while the
// sources are polled.
import { median, rounded } from '../support/statistics.js';

const times = 3;

const commands = {
  schedules_diff: ['schedules', 'diff'],
  schedules_apply: ['schedules', 'apply'],
  status: ['status'],
};

const pages = { metrics: '/metrics', page: '/' };

/** Seconds by command and page; a command that failed has its code and the last line that it printed. */
export async function measureOperator(product) {
  const measured = {};
  for (const [name, args] of Object.entries(commands)) measured[name] = await measureCommand(product, args);
  for (const [name, path] of Object.entries(pages)) measured[name] = await measurePage(`${product.http}${path}`);
  return measured;
}

async function measureCommand(product, args) {
  const results = [];
  for (let n = 0; n < times; n++) {
    const result = await product.command(args);
    // A status of sources with problems is an answer, too.
    if (result.code > 1) return { failed: result.code, said: result.stderr.trim().split('\n').at(-1) };
    results.push(result);
  }
  const middle = (valueOf) => rounded(median(results.map(valueOf)), 2);
  return { seconds: middle(({ seconds }) => seconds), cpu_s: middle(({ cpuSeconds }) => cpuSeconds) };
}

async function measurePage(url) {
  const seconds = [];
  let bytes = 0;
  for (let n = 0; n < times; n++) {
    const startedAt = performance.now();
    const response = await fetch(url).catch(() => null);
    if (!response?.ok) return { failed: response?.status ?? 'no answer' };
    bytes = (await response.arrayBuffer()).byteLength;
    seconds.push((performance.now() - startedAt) / 1_000);
  }
  return { seconds: rounded(median(seconds), 3), bytes };
}
