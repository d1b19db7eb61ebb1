/**
 * Connection tracking: which connection each packet of a capture belongs to, as nf_conntrack of the recording host
 * would say at egress. Headers are read here, independently of the dissector, as the kernel does.
 */
export { type Address, type Prefix, parseAddress, parsePrefix } from '../lang/index.ts';
export { BeforeNatPrint, BeforeNatWords } from './before-nat.ts';
export { FragmentSlots } from './fragments.ts';
export { Fragment, Headers, readAddresses, readPacket } from './headers.ts';
export { type ListedEntry, listedEntries, parseListing } from './listing.ts';
export { type DeviceNames, isFor, type NatRule, NEVER_FORWARDED, parseNat, STAND_IN, withDevices } from './nat.ts';
export { Rewriter } from './rewrite.ts';
export { KIND_OF_FLAGS, Kind, STATES, transitionOf } from './steps.ts';
export { Cells, Flag, Mix, sizesOf, type TableMemory, wordsOf } from './table.ts';
export { type Across, CONNTRACK_MAX, CtState, MAX_MAX, Tracker, type TrackerOptions } from './tracker.ts';
export { hasPorts, invert, isIcmp, sameTuple, Tuple } from './tuple.ts';
export { GROWN_UP } from './udp.ts';
