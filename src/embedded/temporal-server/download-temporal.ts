/**
 * Run as a process of its own, with a folder as its argument: lets Temporal's SDK download the server it tests with into
 * that folder. The SDK has no call for that alone, so the server is started and stopped once.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [, , downloadDir = '.'] = process.argv;
try {
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir } },
  });
  await environment.teardown();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
