import { expect, test } from 'vitest';
import { version } from '../../../src/config/version.ts';
import { ownBuild } from '../../../src/temporal/deployments/own-build.ts';
import { routingProblem } from '../../../src/worker/deployment-watch.ts';

const routing = (current: string | null, hasWorker: boolean) => ({
  current,
  ramping: null,
  builds: [{ name: 'b1', status: 'current', hasWorker }],
});

test('a deployment gives no work while no build is current, or while the current one has no worker', () => {
  const none = 'no build of the deployment "news" is current: run ./daybook deployment current b2';
  expect(routingProblem(null, 'news', 'b2')).toBe(none);
  expect(routingProblem(routing(null, true), 'news', 'b2')).toBe(none);
  expect(routingProblem(routing('b1', true), 'news', 'b2')).toBeNull();
  expect(routingProblem(routing('b1', false), 'news', 'b2')).toBe(
    'no worker has the current build "b1" of the deployment "news": run ./daybook deployment current b2',
  );
});

test('a build is named after the version and the workflows, if DAYBOOK_BUILD does not name it', () => {
  expect(ownBuild({ name: 'news', build: 'b1' })).toBe('b1');
  expect(ownBuild({ name: 'news', build: null })).toMatch(new RegExp(`^${version}-[0-9a-f]{12}$`));
});
