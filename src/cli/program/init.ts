import type { Command } from 'commander';
import { act, add, collect } from './command.ts';

const summary =
  'Inspect a URL or file, a curl command, an OPML file, an OpenAPI document or a HAR file, and print a configuration for it; writes nothing';
const examples = `
  ./daybook init --curl "curl 'https://api.example.com/items' -H 'X-Api-Key: …'"   (--curl - reads it from the standard input)
  ./daybook init --opml subscriptions.opml > daybook.yaml
  ./daybook init --openapi https://api.example.com/openapi.json --operation listItems --param owner=octocat
  ./daybook init --har recording.har`;

/** The command that proposes sources. */
export function addInit(program: Command): void {
  add(program, 'init [address]', summary, 'init https://example.com/feed.xml > daybook.yaml')
    .addHelpText('after', examples)
    .option('--name <name>', 'Name of the source')
    .option('--header <header>', "Header to send, such as 'X-Key: ${env:KEY}'; repeatable", collect)
    .option(
      '--auth <credentials>',
      'Credentials: bearer:${env:NAME}, basic:USER:${env:NAME} or api_key:HEADER:${env:NAME}, in single quotes',
    )
    .option('--curl <command>', 'A curl command, as "Copy as cURL" of a browser has it; its secrets become variables')
    .option('--opml <file>', 'An OPML file or its URL: a source for each feed')
    .option('--openapi <document>', 'An OpenAPI or Swagger document, a file or a URL')
    .option('--operation <id>', 'The operation of it: its operationId, or "GET /path" (default: lists those that fit)')
    .option('--param <name=value>', 'Value of a parameter of the operation; repeatable', collect)
    .option('--server <url>', 'Address of the API, if it is not the one of the document')
    .option('--har <file>', 'A HAR file: the JSON request with the most records')
    .action(act(async () => (await import('../commands/source/init.ts')).initCommand));
}
