import { keyOf } from './expected.ts';
import { GROUPS, runsOf } from './runs.ts';
import { imitate } from './simulate.ts';

/** Prints the calls of the run that is named. A test starts it where Node may start no process. */
const [, , wanted] = process.argv;
const run = GROUPS.flatMap(runsOf).find((one) => keyOf(one) === wanted);
if (run === undefined) throw new Error(`no such run: ${wanted}`);
console.log((await imitate(run)).calls.join('\n'));
