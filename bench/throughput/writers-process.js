// Argument: the file of a revision that has its writers. What they have to write comes as a message, and their time goes as one.
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';

const { runWriters } = await import(pathToFileURL(process.argv[2]).href);
const [{ settings, place, files }] = await once(process, 'message');
const { seconds, cpuSeconds } = await runWriters(settings, place, new Map(files));
process.send({ seconds, ...(cpuSeconds === undefined ? {} : { cpu_s: { worker: cpuSeconds } }) });
