import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { projectFolder } from '../../support/deploy/dockerfile.ts';
import { violations } from '../../support/published-schemas.ts';

interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
}
interface Job {
  readonly needs?: string | string[];
  readonly uses?: string;
  readonly permissions?: object;
  readonly 'timeout-minutes'?: number;
  readonly strategy?: { readonly matrix: { readonly node: readonly string[] } };
  readonly steps?: readonly Step[];
}
interface Workflow {
  readonly on: object;
  readonly permissions: object;
  readonly concurrency?: object;
  readonly jobs: Readonly<Record<string, Job>>;
}

const folder = join(projectFolder, '.github', 'workflows');
const files = readdirSync(folder);
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const workflow = (name: string) => parse(read(name)) as Workflow;
const deployTo = workflow('deploy-to.yml').jobs['deploy']?.steps ?? [];
const ci = workflow('ci.yml');
const { scripts, engines } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
  engines: { node: string };
};
const commandsOf = ({ steps = [] }: Job) => steps.flatMap(({ run = [] }) => run);
const indexOf = (step: string) => deployTo.findIndex(({ name }) => name === step);

describe('the pipeline', () => {
  test.each(files)('%s is valid by the schema of GitHub workflows', (name) => {
    expect(violations('github-workflows.json', workflow(name))).toEqual([]);
    expect(violations('github-workflows.json', parse(read(name).replaceAll('steps:', 'step:')))).not.toEqual([]);
  });

  test.each(files)('%s has the least rights, and actions of a fixed commit', (name) => {
    expect(workflow(name).permissions).toEqual({ contents: 'read' });
    const used = Object.values(workflow(name).jobs).flatMap(({ steps = [] }) => steps.flatMap(({ uses = [] }) => uses));
    expect(used.filter((action) => !/@[0-9a-f]{40}$/.test(action))).toEqual([]);
  });

  test('goes through checks, image and staging before production', () => {
    const { jobs } = workflow('deploy.yml');
    expect(jobs['image']?.needs).toBe('checks');
    expect(jobs['staging']?.needs).toBe('image');
    expect(jobs['production']?.needs).toContain('staging');
    expect(jobs['checks']?.uses).toBe('./.github/workflows/ci.yml');
    expect(ci.on).toHaveProperty('workflow_call');
  });

  test('migrates, deploys, sets schedules, smokes and watches, in this order, and goes back on failure', () => {
    const order = ['migrate', 'deploy', 'schedules', 'smoke', 'watch the failure rate', 'roll back'].map(indexOf);
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    const when = deployTo[indexOf('roll back')]?.if;
    expect(when).toContain("steps.watch.outcome == 'failure'");
    // What changed nothing has nothing to go back from.
    expect(when).toContain("steps.deploy.outputs.changed == 'true'");
    expect(deployTo[indexOf('deploy')]).toMatchObject({
      id: 'deploy',
      run: expect.stringMatching(/>> "\$GITHUB_OUTPUT"$/),
    });
  });

  test('runs only scripts, and names only overlays, that exist', () => {
    const called = deployTo.flatMap(({ run = '' }) => [...run.matchAll(/node (deploy\/\S+)/g)].map(([, path]) => path));
    expect(called.length).toBeGreaterThan(4);
    expect(called.filter((path) => !existsSync(join(projectFolder, path ?? '')))).toEqual([]);
    for (const environment of ['staging', 'production']) {
      expect(read('deploy.yml')).toContain(`environment: ${environment}\n`);
      expect(existsSync(join(projectFolder, 'deploy/kubernetes/overlays', environment, 'kustomization.yaml'))).toBe(
        true,
      );
    }
  });
});

describe('the checks of a change', () => {
  test('run for each push and pull request, and are ended by a newer commit', () => {
    expect(Object.keys(ci.on)).toEqual(expect.arrayContaining(['push', 'pull_request']));
    expect(ci.concurrency).toHaveProperty('cancel-in-progress');
    for (const job of Object.values(ci.jobs)) {
      expect(job['timeout-minutes']).toBeLessThanOrEqual(60);
      expect(job.permissions).toBeUndefined();
    }
  });

  test('run npm test and npm run check on each supported version of Node.js, the oldest included', () => {
    const job = ci.jobs['test'] ?? {};
    expect(job.strategy?.matrix.node).toEqual(['20', '22', '24']);
    expect(engines.node).toMatch(new RegExp(`^>=${job.strategy?.matrix.node[0]}\\.`));
    expect(commandsOf(job)).toEqual([
      'npm ci --ignore-scripts',
      'sudo apt-get update',
      'npm test',
      'npm run bench -- --quick',
      'npm run check',
    ]);
  });

  test('are those of .ci/run', () => {
    const steps = readFileSync(join(projectFolder, '.ci', 'run'), 'utf8').matchAll(/^npm .*?(?= -- "| "|  ?<| \|)/gm);
    const commands = [...steps].map(([command]) => command);
    expect(commands.length).toBeGreaterThan(2);
    const run = Object.values(ci.jobs).flatMap(commandsOf);
    expect(commands.filter((command) => !run.includes(command))).toEqual([]);
  });

  test.each(files)('%s runs only scripts of package.json', (name) => {
    const commands = Object.values(workflow(name).jobs).flatMap(commandsOf);
    const called = commands.flatMap((command) => [...command.matchAll(/npm (?:run )?([\w:]+)/g)]);
    const names = called.map(([, script = '']) => script).filter((script) => script !== 'ci');
    expect(names.filter((script) => scripts[script] === undefined)).toEqual([]);
  });
});
