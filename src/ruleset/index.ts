/**
 * What a script's iptables, nft and ipset commands make of packets: NAT, as the tracker asks it, and marks, as they are when
 * a packet comes to the egress hook.
 */
export { addressesOf, type DeviceAddress } from './addresses.ts';
export type { AskedSet } from './asking.ts';
export type { MarkRule } from './compile.ts';
export { type MakeSet, type MarkStep, Marks } from './marks.ts';
export { natRulesOf } from './nat.ts';
