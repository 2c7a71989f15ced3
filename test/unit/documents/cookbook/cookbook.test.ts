import { expect, test } from 'vitest';
import { useTemporaryFolder } from '../../store/temporary-folder.ts';
import { businessApis } from './apis/business-apis.ts';
import { codeHosts } from './apis/code-hosts.ts';
import { publicData } from './apis/public-data.ts';
import { webSites } from './apis/web-sites.ts';
import { headings, recipes, runRecipe } from './recipe-run.ts';

const folder = useTemporaryFolder();
const trials = [...codeHosts, ...businessApis, ...publicData, ...webSites];

test('each recipe of the cookbook is tried', () => {
  expect([...recipes.keys()]).toEqual(headings);
  expect(trials.map(({ recipe }) => recipe).sort()).toEqual([...headings].sort());
});

test.each(trials)('$recipe', async (trial) => {
  const { problems, records, requests, first } = await runRecipe(trial, folder.path);
  expect({ problems, records, requests }).toEqual({ problems: [], records: trial.records, requests: trial.requests });
  expect(first).toMatchObject(trial.first ?? {});
});
