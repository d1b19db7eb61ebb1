import { type Device, ETH_HLEN, ETH_P, TRANSPORT_HEADERS, VLAN_HLEN } from '../packet/index.ts';
import { swab16 } from '../u32.ts';
import { PROTOCOLS } from './layout.ts';
import {
  add,
  and,
  branch,
  branchIf,
  type Code,
  constant,
  eq,
  type Func,
  get,
  isZero,
  type Label,
  lessThan,
  load8,
  load16,
  load32,
  load64,
  narrow,
  ne,
  or,
  rotateLeft,
  set,
  shiftLeft,
  shiftRight64,
  sub,
  when,
  xor,
  xor64,
} from './wasm.ts';

/** Locals that hold one packet. Words are in host order. */
export interface Fields {
  /** First byte of the frame, the byte behind its last, and how many were captured. */
  readonly frame: number;
  readonly end: number;
  readonly captured: number;
  /** Bytes on the wire, link header included. */
  readonly length: number;
  /** The type field of the Ethernet header, in file order. */
  readonly outer: number;
  /** Of a packet whose tag was taken out: that tag's number; else 0. */
  readonly vlan: number;
  readonly network: number;
  readonly isV6: number;
  /** FlowKeys.src, dst, ipProto and ports. */
  readonly src: number;
  readonly dst: number;
  readonly proto: number;
  readonly ports: number;
}

export function fieldsOf(f: Func): Fields {
  return {
    ...{ frame: f.local(), end: f.local(), captured: f.local(), length: f.local() },
    ...{ outer: f.local(), vlan: f.local(), network: f.local(), isV6: f.local() },
    ...{ src: f.local(), dst: f.local(), proto: f.local(), ports: f.local() },
  };
}

/** What the byte at PROTOCOLS + number says: no ports, ports at its start, or left to the plain engine. */
const Transport = { NONE: 0, PORTS: 1, PLAIN: 2 } as const;

/** The table of protocols as headersOf() reads it; what the dissector has no row for is the plain engine's. */
export function protocolTable(): Uint8Array {
  const table = new Uint8Array(256).fill(Transport.PLAIN);
  for (const { number, ports, read } of TRANSPORT_HEADERS) {
    if (read === null && ports === null) table[number] = Transport.NONE;
    else if (read === null && ports === 0) table[number] = Transport.PORTS;
  }
  return table;
}

export const IPV6_HLEN = 40;
/** An IPv4 header and the ports: less than this behind the link header, and the packet is the plain engine's. */
export const LEAST = 24;
/** An EtherType as a 16-bit load of the file's bytes gives it. */
export const typeConstant = (type: number): Code => constant(swab16(type));

/** Network order to host order. WebAssembly has no instruction for it. */
export function swap32(value: Code, scratch: number): Code {
  const byte = (bits: number, mask: number): Code => and(rotateLeft(get(scratch), constant(bits)), constant(mask));
  return [set(scratch, value), or(byte(8, 0x00ff00ff), byte(24, 0xff00ff00))];
}

/**
 * packet/link.ts enter() and packet/dissect.ts for the frames that most captures are made of: Ethernet, at most one tag
 * where the device takes it out, IPv4 with or without options and fragments, IPv6 without extension headers. Reads
 * `frame`, `end` and `captured`, sets the rest; goes to `plain` with all others, and with what is cut too short.
 */
export function headersOf(fields: Fields, device: Device, scratch: number, plain: Label): Code {
  const { frame, end, captured, outer, vlan, network, isV6, src, dst, proto, ports } = fields;
  const type = scratch;
  const isType = (number: number): Code => eq(get(type), typeConstant(number));
  const takesTagOut = device.hook === 'ingress' || device.vlan === 'offload';
  return [
    branchIf(plain, lessThan(get(captured), constant(ETH_HLEN + VLAN_HLEN + LEAST))),
    set(outer, load16(get(frame), 12)),
    set(type, get(outer)),
    set(network, add(get(frame), constant(ETH_HLEN))),
    set(vlan, constant(0)),
    !takesTagOut
      ? []
      : when(
          isZero(isType(ETH_P.IPV4)),
          when(or(isType(ETH_P.VLAN), isType(ETH_P.VLAN_AD)), [
            set(vlan, and(halfAt(get(frame), ETH_HLEN), constant(0xfff))),
            set(type, load16(get(frame), ETH_HLEN + 2)),
            set(network, add(get(network), constant(VLAN_HLEN))),
          ]),
        ),
    when(
      isType(ETH_P.IPV4),
      [set(isV6, constant(0)), ipv4(fields, scratch, plain)],
      [
        branchIf(plain, ne(get(type), typeConstant(ETH_P.IPV6))),
        branchIf(plain, lessThan(sub(get(end), get(network)), constant(IPV6_HLEN))),
        set(isV6, constant(1)),
        set(src, foldedAddress(network, 8, scratch)),
        set(dst, foldedAddress(network, 24, scratch)),
        set(proto, load8(get(network), 6)),
        portsAt(add(get(network), constant(IPV6_HLEN)), end, proto, ports, scratch, plain),
      ],
    ),
  ];
}

/** Two bytes in network order. */
export function halfAt(address: Code, offset = 0): Code {
  return or(shiftLeft(load8(address, offset), constant(8)), load8(address, offset + 1));
}

/** packet/header/ipv4.ts */
function ipv4({ end, network, src, dst, proto, ports }: Fields, scratch: number, plain: Label): Code {
  const words = and(load8(get(network)), constant(0x0f));
  const moreFragmentsOrOffset = and(load16(get(network), 6), constant(swab16(0x3fff)));
  return [
    set(src, swap32(load32(get(network), 12), scratch)),
    set(dst, swap32(load32(get(network), 16), scratch)),
    set(proto, load8(get(network), 9)),
    set(ports, constant(0)),
    set(scratch, shiftLeft(words, constant(2))),
    branchIf(plain, lessThan(get(scratch), constant(20))),
    when(
      isZero(moreFragmentsOrOffset),
      portsAt(add(get(network), get(scratch)), end, proto, ports, scratch, plain),
      [],
    ),
  ];
}

/** packet/dissect.ts foldAddress(): the four words by xor, 64 bits at a time. */
function foldedAddress(network: number, offset: number, scratch: number): Code {
  const both = xor64(load64(get(network), offset), load64(get(network), offset + 8));
  // The upper half is loaded again rather than kept: locals are i32, and the line is in the cache.
  return swap32(xor(narrow(both), narrow(shiftRight64(both, [0x42, 32]))), scratch);
}

/** packet/dissect.ts readPorts() */
function portsAt(at: Code, end: number, proto: number, ports: number, scratch: number, plain: Label): Code {
  const kind = load8(get(proto), PROTOCOLS);
  return [
    set(ports, constant(0)),
    set(scratch, at),
    when(kind, [
      when(eq(kind, constant(Transport.PLAIN)), branch(plain)),
      branchIf(plain, lessThan(get(end), add(get(scratch), constant(4)))),
      set(ports, swap32(load32(get(scratch)), scratch)),
    ]),
  ];
}
