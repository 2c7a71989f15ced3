// The thread in which the module of one source runs. It is started by `ModuleThread`.
import { Console } from 'node:console';
import { parentPort } from 'node:worker_threads';
import { messageOf } from '../../domain/errors.ts';
import { threadId } from '../threads/thread-id.ts';
import type { FromModule, ToModule } from './module-messages.ts';
import { ModuleRunner } from './module-runner.ts';

const send = (message: FromModule) => parentPort?.postMessage(message);
const runner = new ModuleRunner(send);

// Output of a module must not be mixed with the output of a command.
globalThis.console = new Console(process.stderr);
const fault = (error: unknown) => send({ kind: 'fault', message: messageOf(error) });
process.on('unhandledRejection', fault);
process.on('uncaughtException', fault);
parentPort?.on('message', (message: ToModule) => runner.take(message));
parentPort?.postMessage({ threadId: threadId() });
