/**
 * What scripts tell iptables, nft and ipset, as far as it decides marks, sets, NAT and connection tracking. Commands are
 * read, and never run.
 *
 *   natOf(commands)      the rules that give packets another source address
 *   marksOf(commands)    the rules that write marks and classes
 *   setsOf(commands)     the sets of ipset
 *   tracks(commands)     whether connection tracking runs
 */
export { type IpsetLine, readIpset } from './ipset-words.ts';
export { type IptablesLine, readIptables, restoredLines } from './iptables-words.ts';
export { type NftCommand, nftCommands, nftInput } from './nft-words.ts';
export { type Mark, marksOf, type Nat, type NetfilterCommand, natOf, type RulePlace, setsOf, tracks } from './rules.ts';
