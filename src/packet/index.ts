/**
 * Bytes → what the kernel would know. A Packet is filled by a link type's row (link.ts), read by dissect() into
 * FlowKeys, and hashed by rxhash(). Nothing here throws: a short packet ends the walk where the kernel ends it,
 * and no byte outside head … end of a Packet is read.
 */
export { byteAt, isReadable, Layer, layerStart } from './bytes.ts';
export { type Described, describe, describeFrame } from './describe.ts';
export { dissect, foldAddress } from './dissect.ts';
export { dissectSeed } from './dissect-seed.ts';
export { ETH_HLEN, ETH_P, ETH_P_ALL, IPPROTO, isVlan, VLAN_HLEN } from './ethertype.ts';
export { type Exactness, weaker } from './exactness.ts';
export { AddrType, FlowKeys, type Trace } from './flow-keys.ts';
export { flowText, portsText } from './flow-text.ts';
export { DissectRet } from './header/dissect-ret.ts';
export { hasSpi, ipProtocol, ipProtocolName, NETWORK_HEADERS, TRANSPORT_HEADERS } from './headers.ts';
export {
  HOOK_ROWS,
  HOOKS,
  type Hook,
  type HookRow,
  type HookThing,
  hasConnection,
  hookRowOf,
  type Known,
  toldByFrame,
} from './hooks.ts';
export { exactnessOf, Input, inputNames, type Missing, missingOf, missingText, Reader } from './inputs.ts';
export { leave } from './leave.ts';
export { readsLinear } from './linear.ts';
export { type Device, enter, LINK_TYPES } from './link.ts';
export {
  applyMetadata,
  METADATA_NAMES,
  type Metadata,
  NO_METADATA,
  parseMetadata,
  parseValues,
} from './metadata.ts';
export { Ct, Direction, Linear, Packet, PktType } from './packet.ts';
export { PrefixRules } from './prefix-rules.ts';
export { innerProtocol, outerProtocol } from './protocol.ts';
export { rxhash, rxhashSeed } from './rxhash.ts';
