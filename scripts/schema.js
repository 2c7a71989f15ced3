// Writes schema/daybook.schema.json, which editors use, and docs/sources-reference.md from the schemas that `daybook check`
// uses. A test compares them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './freshness.js';
import { prepare } from './prepare.js';

await prepare({ development: true });
const { publishedSchema, publishedSchemaFile } = await import('../dist/config/reference/published-schema.js');
const { sourcesReference, sourcesReferenceFile } = await import('../dist/config/reference/sources-reference.js');
write(publishedSchemaFile, `${JSON.stringify(publishedSchema(), null, 2)}\n`);
write(sourcesReferenceFile, sourcesReference());

function write(name, text) {
  const file = join(root, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
