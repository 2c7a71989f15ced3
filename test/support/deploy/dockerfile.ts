import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectFolder = fileURLToPath(new URL('../../..', import.meta.url));

/** `WORKDIR`. */
const workFolder = '/app';

/** What a container of the image starts with. */
export interface Image {
  readonly environment: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
  readonly user: string;
  /** Files and folders of the project that it holds. */
  readonly sources: readonly string[];
}

interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** The last stage of the Dockerfile. */
export function readImage(): Image {
  const stage = lastStage();
  const last = (name: string) => stage.findLast((instruction) => instruction.name === name)?.text ?? '';
  const environment = stage
    .filter(({ name }) => name === 'ENV')
    .flatMap(({ text }) => text.split(/\s+/).map((pair) => pair.split(/=(.*)/s, 2) as [string, string]));
  return {
    environment: Object.fromEntries(environment),
    entrypoint: JSON.parse(last('ENTRYPOINT')) as string[],
    command: JSON.parse(last('CMD')) as string[],
    healthcheck: JSON.parse(last('HEALTHCHECK').replace(/^.*?CMD /, '')) as string[],
    user: last('USER'),
    sources: copies(stage).flatMap(({ from, sources }) => (from === null ? sources : [])),
  };
}

/**
 * Lays out what the image holds: the files that the last stage copies, and nothing else.
 * @returns its `/app`
 */
export function layOutImage(folder: string): string {
  for (const { sources, target } of copies(lastStage())) {
    for (const source of sources) {
      const name = basename(source);
      // The stages before make these as the project's own set-up does.
      const from = join(projectFolder, name);
      const to = join(folder, target.endsWith('/') ? join(target, name) : target);
      mkdirSync(join(to, '..'), { recursive: true });
      if (name === 'node_modules') symlinkSync(from, to);
      else cpSync(from, to, { recursive: true });
    }
  }
  return join(folder, workFolder);
}

function copies(stage: readonly Instruction[]) {
  return stage
    .filter(({ name }) => name === 'COPY')
    .map(({ text }) => {
      const words = text.split(/\s+/);
      const from = words[0]?.startsWith('--from=') ? words.shift()!.slice('--from='.length) : null;
      const target = words.pop() ?? '';
      return { from, sources: words, target: posix.join(workFolder, target) };
    });
}

function lastStage(): Instruction[] {
  const instructions = readFileSync(join(projectFolder, 'Dockerfile'), 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', text = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
      return { name, text };
    });
  return instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
}
