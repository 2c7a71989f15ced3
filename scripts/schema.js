// Writes what is generated from the code: schema/daybook.schema.json, which editors use, docs/sources-reference.md, and the table
// of variables in docs/configuration.md. Tests compare them.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './build-inputs.js';
import { prepare } from './prepare.js';

await prepare({ development: true });
const { publishedSchema, publishedSchemaFile } = await import('../dist/config/reference/published-schema.js');
const { sourcesReference, sourcesReferenceFile } = await import('../dist/config/reference/sources-reference.js');
const { environmentPage, withEnvironmentTable } = await import('../dist/config/reference/environment-reference.js');
write(publishedSchemaFile, `${JSON.stringify(publishedSchema(), null, 2)}\n`);
write(sourcesReferenceFile, sourcesReference());
write(environmentPage, withEnvironmentTable(readFileSync(join(root, environmentPage), 'utf8')));

function write(name, text) {
  const file = join(root, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
