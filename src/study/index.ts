/**
 * Questions about a setup as a whole.
 *
 *   readSetup(transport, ifindex)              the qdiscs, classes and filters on a device, of any kernel
 *   planScript(text, kernel, device, setup)    what a script's tc commands would set up there
 *   diffSetups(plan, setup, device)            what differs, and the tc commands that would make them equal
 */
export { type Diff, type Difference, diffSetups } from './diff.ts';
export { type Installed, readSetup, type Setup } from './installed.ts';
export { type Origin, type Plan, planScript } from './planned.ts';
