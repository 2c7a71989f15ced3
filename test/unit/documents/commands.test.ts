import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildProgram } from '../../../src/cli/program.ts';
import { readCompose } from '../../support/deploy/compose.ts';
import { documents } from '../../support/documents/documents.ts';

/** Commands that a document shows: lines of its `sh` blocks, and text in backticks. */
function shown(document: string): string[] {
  const text = readFileSync(document, 'utf8');
  const blocks = [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block = '']) => block.replaceAll('\\\n', ' '));
  const inline = [...text.replaceAll(/^```[^]*?^```$/gm, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
  return [...blocks.flatMap((block) => block.split('\n')), ...inline];
}

/** What follows a program in commands, up to the end of its own. */
function argumentsOf(program: RegExp, document: string): string[][] {
  return shown(document).flatMap((line) =>
    [...line.matchAll(new RegExp(`${program.source} ([^|&;#>)]*)`, 'g'))].map(([, words = '']) =>
      words.trim().split(/\s+/),
    ),
  );
}

const named = (words: readonly string[]) => words.flatMap((word) => /^--[a-z][\w-]*/.exec(word)?.[0] ?? []);

test.each(documents)('%s shows no command of Daybook, and no option, that is not there', (document) => {
  const unknown = argumentsOf(/\.\/daybook/, document).filter((words) => {
    let command = buildProgram();
    const options = ['--help', ...command.options.map(({ long }) => long)];
    for (const word of words.filter((candidate) => !candidate.startsWith('-'))) {
      const next = command.commands.find((one) => [one.name(), ...one.aliases()].includes(word));
      if (!next) break;
      command = next;
      options.push(...command.options.map(({ long }) => long));
    }
    return command.commands.length > 0 || named(words).some((option) => !options.includes(option));
  });
  expect(unknown.map((words) => words.join(' '))).toEqual([]);
});

test('docs/deployment.md names only services of docker-compose.yml, and scripts and options that exist', () => {
  const secrets = { PG_PASSWORD: 'a', TEMPORAL_DB_PASSWORD: 'b', GRAFANA_PASSWORD: 'c' };
  const services = Object.keys(readCompose(secrets).services);
  const composed = argumentsOf(/docker compose/, 'docs/deployment.md').flatMap(([verb = '', ...words]) =>
    verb === 'run' || verb === 'up' ? words.filter((word) => !word.startsWith('--')).slice(0, 1) : [],
  );
  expect(composed).toEqual(expect.arrayContaining(['worker-2', 'smoke']));
  expect(composed.filter((word) => !services.includes(word))).toEqual([]);
  const scripts = argumentsOf(/node/, 'docs/deployment.md');
  expect(scripts.length).toBeGreaterThan(5);
  for (const [script = '', ...words] of scripts) {
    const text = readFileSync(script, 'utf8');
    const known = [...text.matchAll(/^ {4}'?([a-z][\w-]*)'?: \{ type: 'string'/gm)].map(([, name = '']) => `--${name}`);
    expect(named(words).filter((option) => !known.includes(option))).toEqual([]);
  }
  const steps = scripts.flatMap(([script, step]) => (script === 'deploy/steps.js' ? [step] : []));
  expect(steps).toEqual(['migrate', 'deploy', 'schedules', 'smoke', 'rollback']);
});
