/**
 * The kernel we emulate: one network namespace with its devices, qdiscs, classes, chains, filters and actions.
 *
 *   request(datagram, port)       rtnetlink requests in, the datagrams that Linux 6.1 would send back out; never throws
 *   classify(packet, place)       the filters at a root qdisc or hook asked about a packet; verdict and class
 *   walk(packet, place)           the packet's whole way through the device's tree, and where it ends
 *   journey()                     the last packet's way in words; `plan` is what control has made, as data
 *   survey(place)                 before that: scope of the filters there, whether they draw random numbers
 *   save(), Netns.load(saved)     as JSON `{schema: 1, era, devices, requests, sets}`; requests in hex, sets as text
 *
 * Devices have a name and an ifindex; class ids and handles are unsigned 32-bit numbers, `major << 16 | minor`. What the
 * kernel refuses comes back as an acknowledgement with its errno, never as an exception; only load() throws FormatError.
 *
 *   const netns = new Netns({ env, devices: [{ name: 'eth0', ifindex: 2 }], sets, copied });
 *   const { verdict, result } = netns.classify(packet, { dev: 'eth0', hook: 'egress' });   // result.classid
 *
 * Statistics of qdiscs and classes are those of a device that never sent anything.
 */
export type { FilterTest, Survey } from '../sched/classifier/index.ts';
export type { KernelProto } from './classifier.ts';
export { type Class, type Device, type DeviceSpec, type FilterBlock, majorOf, type Qdisc } from './device.ts';
export { Ends, FATES, type Fated } from './ends.ts';
export { type Feed, feedsOf } from './feed.ts';
export type { AskedFilter, Elsewhere, Fate, Journey, ListRun, QueueJourney, Step } from './journey.ts';
export { type FlowFilterAt, isList, Netns, type NetnsOptions, type Place, type Walked, type Watch } from './netns.ts';
export type {
  FilterId,
  Plan,
  PlanBlock,
  PlanChain,
  PlanClass,
  PlanDevice,
  PlanFilter,
  PlanList,
  PlanNode,
  PlanProto,
} from './plan.ts';
export type { Made } from './reply.ts';
export { checkSaved, type SavedNetns, type SavedSet, setsOf } from './saved.ts';
export type { FilterName, Outside } from './state.ts';
export type { Evaluated } from './walk.ts';
export { NONE, type Way } from './way.ts';
