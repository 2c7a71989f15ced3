import type { Command } from 'commander';
import { act, add, group } from './command.ts';

/** What works on the store as a whole. */
export function addStore(program: Command): void {
  const store = group(program, 'store').description('Manage the store: a folder or a bucket');
  const copy = 'Copy the whole store to another folder or bucket, and compare the two; run it again to continue';
  add(store, 'copy', copy, 'store copy --to s3://my-bucket/daybook')
    .option('--from <store>', 'A folder or s3://bucket/prefix (default: the configured store)')
    .option('--to <store>', 'A folder or s3://bucket/prefix (default: the configured store)')
    .option('--replace', 'Make an older copy at the target equal')
    .option('--json', 'Print JSON, with the records of each source and day')
    .action(act(async () => (await import('../commands/store/copy-store.ts')).copyStoreCommand));
}
