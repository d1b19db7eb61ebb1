import { addressText } from '../lang/index.ts';
import { AddrType, Direction, type FlowKeys, flowText, type Packet } from '../packet/index.ts';
import type { Run } from '../run.ts';
import { word } from '../u32.ts';

/** Who is counted: the sender (before NAT, where it was told), the receiver (likewise), or the connection's packets of one direction. */
export type By = 'host' | 'dst' | 'flow';

/** Words of a subject: address family, protocol, ports, source, destination; hosts use the family and one address. */
export const HOST_OR_FLOW_WORDS = 11;
const PROTOCOL = 1;
const PORTS = 2;
const SOURCE = 3;
const DESTINATION = 7;
const V6 = 4;
/** Of the words, as people would sort them. */
const ORDER = [0, 3, 4, 5, 6, 7, 8, 9, 10, PROTOCOL, PORTS] as const;

/** Writes who a dissected packet belongs to into the first HOST_OR_FLOW_WORDS words of `row`; false: it has no IP address. */
export function readHostOrFlow(by: By, packet: Packet, flow: FlowKeys, row: Int32Array): boolean {
  if (flow.addrType !== AddrType.IPV4 && flow.addrType !== AddrType.IPV6) return false;
  const width = flow.addrType === AddrType.IPV6 ? V6 : 1;
  row.fill(0, 0, HOST_OR_FLOW_WORDS);
  row[0] = width === V6 ? 6 : 4;
  if (by === 'flow') {
    row[PROTOCOL] = flow.ipProto;
    row[PORTS] = flow.ports;
    copy(flow.addr, 0, row, SOURCE, width);
    copy(flow.addr, width, row, DESTINATION, width);
  } else {
    const { ct } = packet;
    // The tuple of a reply ends at the router: whose it is, only the headers of the hook say.
    const receiver = ct?.direction === Direction.ORIGINAL ? ct.dst : undefined;
    const tuple = by === 'host' ? ct?.src : receiver;
    if (tuple !== undefined) copy(tuple, 0, row, SOURCE, width);
    else copy(flow.addr, by === 'host' ? 0 : width, row, SOURCE, width);
  }
  return true;
}

/** Prefixes say which addresses are hosts. */
export const hasHosts = (run: Run): boolean => (run.options.crossing?.options.hosts ?? []).length > 0;

/** IPv4 before IPv6, then in the order of the numbers: addresses, protocol, ports. */
export function bySubject(a: Int32Array, b: Int32Array): number {
  for (const i of ORDER) {
    const difference = (word(a, i) >>> 0) - (word(b, i) >>> 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The same for the host of a run's last packet, as the run counts it; `notesFilter` was set. */
export function readHostOfRun(run: Run, row: Int32Array): boolean {
  row.fill(0, 0, HOST_OR_FLOW_WORDS);
  const width = run.readHost(row, SOURCE);
  row[0] = width === V6 ? 6 : 4;
  return width > 0;
}

function copy(from: Int32Array, at: number, to: Int32Array, position: number, count: number): void {
  for (let i = 0; i < count; i++) to[position + i] = word(from, at + i);
}

/** `192.168.0.1`, or for a flow `tcp 192.168.0.1:51514 > 1.1.1.1:443`. */
export function subjectText(by: By, row: Int32Array): string {
  const family = word(row, 0);
  const source = addressText(family, row.subarray(SOURCE));
  if (by !== 'flow') return source;
  const destination = addressText(family, row.subarray(DESTINATION));
  return flowText(word(row, PROTOCOL), word(row, PORTS), source, destination);
}
