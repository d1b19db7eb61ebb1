import fs from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { faultOf, shim } from './shim.ts';

/*
 * Loaded before the command line, and before each of its threads: FAULT, THREAD_FAULT="CALL:CODE[:stays]" has a call of
 * the main thread fail, or one of each thread. Calls of the main thread are written down in CALLS. WITH_OWN=1: those for the
 * program's own files count too.
 */
const { FAULT, THREAD_FAULT, CALLS, WITH_OWN } = process.env;
const { appendFileSync } = fs;
const system = shim(fs, { withOwn: WITH_OWN === '1' });
system.begin(faultOf((isMainThread ? FAULT : THREAD_FAULT) ?? ''));
process.on('exit', () => {
  if (isMainThread && CALLS !== undefined) appendFileSync(CALLS, system.calls.map((each) => `${each}\n`).join(''));
});
