import type { Command } from 'commander';
import { isRemoteConfig } from '../../config/environment/is-remote-config.ts';
import { suggestForDemo } from '../output/suggestion.ts';

/** A command that has only subcommands. */
export function group(program: Command, name: string): Command {
  return program.command(name).helpCommand('help [command]', 'Show the help of a command');
}

export function add(parent: Command, name: string, summary: string, example: string): Command {
  return common(parent.command(name)).description(summary).addHelpText('after', `\nExample:\n  ./daybook ${example}`);
}

/** Options that may be before or after the command. */
export function common(command: Command): Command {
  return command
    .helpOption('-h, --help', 'Show this help')
    .option('--config <file>', 'Configuration file, or s3://bucket/key (default: DAYBOOK_CONFIG, or ./daybook.yaml)')
    .option('--demo', 'Use the demo: its own home, configuration and data');
}

/**
 * Calls a command with its arguments and all options, wherever on the command line they are. Its module is loaded only now: most
 * commands need neither Temporal nor PostgreSQL.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- commander's own type of an action
export function act(load: () => Promise<(...args: any[]) => void | Promise<void>>) {
  return async (...args: unknown[]): Promise<void> => {
    const command = args.at(-1) as Command;
    const run = await load();
    const options = command.optsWithGlobals<{ demo?: boolean; config?: string }>();
    suggestForDemo(options.demo === true);
    try {
      // Most are not in a bucket: then nothing is loaded.
      if (isRemoteConfig(options)) {
        const { copyRemoteConfig } = await import('../remote/remote-config.ts');
        await copyRemoteConfig(options);
      }
      await run(...args.slice(0, -2), options);
    } catch (error) {
      const { withoutSecrets } = await import('../options/command-redactor.ts');
      throw withoutSecrets(error, options);
    }
  };
}

export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
