import { faults } from './faults.ts';
import { tryFaults } from './try-faults.ts';

tryFaults(faults.filter((fault) => !fault.stops));
