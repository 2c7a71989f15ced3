import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { projectFolder } from '../../support/deploy/dockerfile.ts';
import { violations } from '../../support/published-schemas.ts';

interface Form {
  readonly body: readonly {
    readonly id?: string;
    readonly attributes: { readonly description?: string; readonly render?: string };
    readonly validations?: { readonly required?: boolean };
  }[];
}
interface Updates {
  readonly updates: readonly {
    readonly 'package-ecosystem': string;
    readonly schedule: { readonly interval: string };
    readonly groups?: object;
  }[];
}

const github = join(projectFolder, '.github');
const read = (path: string) => readFileSync(join(github, path), 'utf8');
const forms = readdirSync(join(github, 'ISSUE_TEMPLATE')).filter((name) => name !== 'config.yml');

describe('issues', () => {
  test.each(forms)('the form %s is valid by the schema of GitHub', (name) => {
    expect(violations('github-issue-forms.json', parse(read(`ISSUE_TEMPLATE/${name}`)))).toEqual([]);
    expect(
      violations('github-issue-forms.json', parse(read(`ISSUE_TEMPLATE/${name}`).replace('body:', 'bod:'))),
    ).not.toEqual([]);
  });

  test('are made with a form only', () => {
    const config = parse(read('ISSUE_TEMPLATE/config.yml')) as object;
    expect(violations('github-issue-config.json', config)).toEqual([]);
    expect(config).toEqual({ blank_issues_enabled: false });
  });

  test('a bug report asks for what is needed to reproduce it, and for a look at secrets', () => {
    const { body } = parse(read('ISSUE_TEMPLATE/bug.yml')) as Form;
    const required = body.filter(({ validations }) => validations?.required).map(({ id }) => id);
    expect(required).toEqual(expect.arrayContaining(['version', 'command', 'expected', 'found', 'doctor']));
    const doctor = body.find(({ id }) => id === 'doctor')?.attributes;
    expect(doctor?.render).toBe('json');
    expect(doctor?.description).toContain('secrets');
  });
});

test('a pull request is asked for checks that exist', () => {
  const { scripts } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as { scripts: object };
  const template = read('PULL_REQUEST_TEMPLATE.md');
  const called = [...template.matchAll(/`npm (?:run )?([\w:]+)`/g)].map(([, script = '']) => script);
  expect(called).toEqual(expect.arrayContaining(['test', 'check', 'schema']));
  expect(called.filter((script) => !Object.hasOwn(scripts, script))).toEqual([]);
  const files = [...template.matchAll(/\b[A-Z]+\.md\b/g)].map(([file]) => file);
  expect(files.filter((file) => !existsSync(join(projectFolder, file)))).toEqual([]);
});

describe('updates of packages and actions', () => {
  const { updates } = parse(read('dependabot.yml')) as Updates;

  test('are valid by the schema of Dependabot', () => {
    expect(violations('dependabot-2.0.json', parse(read('dependabot.yml')))).toEqual([]);
    expect(violations('dependabot-2.0.json', parse(read('dependabot.yml').replace('weekly', 'often')))).not.toEqual([]);
  });

  test('come once a week, in groups', () => {
    expect(updates.map((update) => update['package-ecosystem'])).toEqual(['npm', 'github-actions']);
    for (const { schedule, groups } of updates) {
      expect(schedule.interval).toBe('weekly');
      expect(Object.keys(groups ?? {})).not.toEqual([]);
    }
  });
});
