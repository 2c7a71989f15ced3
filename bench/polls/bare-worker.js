// A process of its own, so that its processor time can be told from the bench's. Arguments: address of the server, file of the bundle.
import { NativeConnection, Worker } from '@temporalio/worker';
import { bareQueue } from './bare-queue.js';

const [address, codePath] = process.argv.slice(2);
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({
  connection,
  taskQueue: bareQueue,
  workflowBundle: { codePath },
  activities: { async nothing() {} },
});
process.once('disconnect', () => worker.shutdown());
const running = worker.run();
process.send('polling');
await running;
await connection.close();
