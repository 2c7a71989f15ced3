import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { projectFolder } from '../../support/dockerfile.ts';
import { violations } from '../../support/published-schemas.ts';

interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
}
interface Workflow {
  readonly permissions: object;
  readonly concurrency?: object;
  readonly jobs: Record<string, { needs?: string | string[]; uses?: string; steps?: Step[] }>;
}

const folder = join(projectFolder, '.github', 'workflows');
const files = readdirSync(folder);
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const workflow = (name: string) => parse(read(name)) as Workflow;
const deployTo = workflow('deploy-to.yml').jobs['deploy']?.steps ?? [];
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
    expect(jobs['checks']?.steps?.flatMap(({ run = [] }) => run)).toEqual([
      'npm ci --ignore-scripts',
      'sudo apt-get update',
      'npm test',
      'npm run check',
    ]);
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
    const scripts = deployTo.flatMap(({ run = '' }) =>
      [...run.matchAll(/node (deploy\/\S+)/g)].map(([, path]) => path),
    );
    expect(scripts.length).toBeGreaterThan(4);
    expect(scripts.filter((path) => !existsSync(join(projectFolder, path ?? '')))).toEqual([]);
    for (const environment of ['staging', 'production']) {
      expect(read('deploy.yml')).toContain(`environment: ${environment}\n`);
      expect(existsSync(join(projectFolder, 'deploy/kubernetes/overlays', environment, 'kustomization.yaml'))).toBe(
        true,
      );
    }
  });
});
