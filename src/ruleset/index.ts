/**
 * What a script's iptables, nft and ipset commands make of packets: NAT, as the tracker asks it, and marks, as they are when
 * a packet comes to the egress hook.
 */
export { addressesOf, type DeviceAddress } from './addresses.ts';
export { natRulesOf } from './nat.ts';
