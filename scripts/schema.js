// Writes schema/daybook.schema.json, which editors use, from the schemas that `daybook check` uses. A test compares them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './freshness.js';
import { prepare } from './prepare.js';

await prepare({ development: true });
const { publishedSchema, publishedSchemaFile } = await import('../dist/config/published-schema.js');
const file = join(root, publishedSchemaFile);
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify(publishedSchema(), null, 2)}\n`);
