/**
 * What scripts tell iptables, nft and ipset, as far as it decides marks, sets, NAT and connection tracking. Commands are
 * read, and never run.
 *
 *   natOf(commands)      the rules that give packets another source address
 *   marksOf(commands)    the rules that write marks and classes
 *   setsOf(commands)     the names of ipset's sets; setLinesOf(commands): with what is in them
 *   tracks(commands)     whether connection tracking runs
 *   chainsOf(commands)   all chains and rules as packets meet them, each rule in steps
 *   untracked(commands)  the rules that keep all packets from being tracked
 *   emptiesAll(commands) whether nobody else's rules are left
 *   rulesFile(tool, args) the file that a command takes rules from
 */
export { type BaseChain, type Chains, chainsOf, type Hook, type ReadRule } from './chains.ts';
export { type IpsetLine, readIpset } from './ipset-words.ts';
export { type IptablesLine, readIptables, restoredLines } from './iptables-words.ts';
export { type NftCommand, nftCommands, nftInput } from './nft-words.ts';
export { recordedCommands, recordedTools } from './recorded.ts';
export {
  empties,
  emptiesAll,
  type Mark,
  marksOf,
  type Nat,
  type NetfilterCommand,
  natOf,
  type RulePlace,
  rulesFile,
  setLinesOf,
  setsOf,
  tracks,
  type Untracked,
  untracked,
} from './rules.ts';
export type { Asked, Done, Jump, Masked, NatStep, Range, Step, Target, Write } from './steps.ts';
