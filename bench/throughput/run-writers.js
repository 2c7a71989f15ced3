// The writers of a revision, in a process of their own, which loads that revision's code.
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('writers-process.js', import.meta.url));

export async function runWritersOf(root, settings, place, files) {
  // 0.2.0 has it in another folder.
  const module = ['bench/throughput/writers.js', 'bench/writers.js'].map((name) => join(root, name)).find(existsSync);
  const child = fork(program, [module], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.send({ settings, place, files: [...files] });
  const answered = once(child, 'message');
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`bench: the writers ended with ${code}`);
  });
  ended.catch(() => undefined);
  const [result] = await Promise.race([answered, ended]);
  child.disconnect();
  await ended.catch(() => undefined);
  return result;
}
