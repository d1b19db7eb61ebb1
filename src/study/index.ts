/**
 * Questions about a setup as a whole.
 *
 *   readSetup(transport, ifindex)              the qdiscs, classes and filters on a device, of any kernel
 *   planScript(text, kernel, device, setup)    what a script's tc commands would set up there
 *   diffSetups(plan, setup, device)            what differs, and the tc commands that would make them equal
 *
 *   Observations, study()                      how hosts would share classes, for each choice of keys and divisor
 *   weigh()                                    the set-ups that keep them apart, the best first
 *   setupCommands(), setupScript()             the tc commands of such a set-up, classes included
 *   reachableMinors()                          the classes that a filter can give at all
 *   Comparing                                  who moves from one set of filters to another
 *   ByHost                                     packets and bytes of each host in each class, and whom it meets there
 *   Takings, spreadOverSeeds(), periods()      who shares over many seeds, and from one perturbation to the next
 *   parseExpectation(), Expecting              how packets should end, and which do not
 *   searchSeeds()                              the seeds that explain what was observed
 *   Census, chanceOfNoCollision()              the arithmetic of sharing
 */
export type { Activity } from './activity.ts';
export {
  type Cell,
  CHOICES,
  type Choice,
  DIVISORS,
  hashrnds,
  keysText,
  Observations,
  study,
  TARGET,
} from './advise.ts';
export {
  type BucketSetup,
  evenRates,
  type NoClasses,
  noClassesOf,
  rollbackCommands,
  setupCommands,
  setupScript,
  targetsOf,
} from './buckets.ts';
export { ByHost, type ByHostOptions, type HostsBy, type HostsFound, type HostsWanted } from './by-host.ts';
export { type Chance, type ChanceWith, HostChance } from './chance.ts';
export { reachableMinors } from './classes.ts';
export { Comparing, type Comparison, type HostChange, type Move, type Pair, type Side } from './compare.ts';
export { type Diff, type Difference, diffSetups } from './diff.ts';
export { type Expectation, type ExpectedEnd, Expecting, parseExpectation, type Unmet } from './expect.ts';
export type { By } from './host-or-flow.ts';
export { type Installed, readSetup, type Setup } from './installed.ts';
export type { MapLine } from './maps.ts';
export { type Origin, type Plan, planScript } from './planned.ts';
export { mostOf, type Proposal, setupOf, type Wanted, weigh } from './proposals.ts';
export { type Sample, searchSeeds } from './recover.ts';
export {
  Census,
  chanceOfNoCollision,
  expectedSharing,
  type Shares,
  type SharesSpread,
  type Spread,
} from './shares.ts';
export { type Period, periods, type SeedSpread, spreadOverSeeds, Takings } from './spread.ts';
