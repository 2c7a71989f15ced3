import { test } from 'vitest';
import { appendFileSync, writeFileSync } from 'node:fs';
import { useTemporaryFolder } from '../../store/temporary-folder.ts';
import { businessApis } from './apis/business-apis.ts';
import { codeHosts } from './apis/code-hosts.ts';
import { publicData } from './apis/public-data.ts';
import { webSites } from './apis/web-sites.ts';
import { runRecipe } from './recipe-run.ts';
const folder = useTemporaryFolder();
writeFileSync('/tmp/ck_dump.txt', '');
test.each([...codeHosts, ...businessApis, ...publicData, ...webSites])('$recipe', async (trial) => {
  const r = await runRecipe(trial, folder.path);
  const recs = Object.entries(r.records).map(([k, v]) => `${k} ${v.length}: ${JSON.stringify(v).slice(0, 500)}`);
  const reqs = r.requests.length > 12 ? [...r.requests.slice(0, 3), '…' + r.requests.length, ...r.requests.slice(-4)] : r.requests;
  appendFileSync('/tmp/ck_dump.txt', `\n## ${trial.recipe}\nproblems ${JSON.stringify(r.problems)}\n${recs.join('\n')}\n${reqs.join('\n')}\n${JSON.stringify(r.first)}\n`);
});
