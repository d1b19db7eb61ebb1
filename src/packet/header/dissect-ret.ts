import type { FlowKeys } from '../flow-keys.ts';
import type { Packet } from '../packet.ts';

/**
 * enum flow_dissect_ret: what a header says of the walk.
 * ON goes from the network layer to the transport layer; AGAIN restarts with `keys.proto`, NEXT with `keys.ipProto`.
 */
export const DissectRet = { GOOD: 0, BAD: 1, AGAIN: 2, NEXT: 3, ON: 4 } as const;
export type DissectRet = (typeof DissectRet)[keyof typeof DissectRet];

/** What differs between the dissectors of the 6.1 series and what the caller wants. */
export interface DissectOptions {
  /** FLOW_DISSECTOR_F_STOP_AT_FLOW_LABEL: what the flow hash asks for. */
  readonly stopAtLabel: boolean;
  /** PPPoE's one-byte protocol field is understood (before 6.1.176). */
  readonly compressedPpp: boolean;
}

/** Whether `length` bytes are left at the cursor: __skb_header_pointer(). Remembers that the frame ended too early. */
export function has(p: Packet, keys: FlowKeys, length: number): boolean {
  if (keys.at + length <= p.end) return true;
  keys.short = true;
  return false;
}
