import { Frame } from '../src/capture/index.ts';
import { createEnv, createPacket, type Env } from '../src/env.ts';
import { ERAS, type EraName } from '../src/era.ts';
import type { SipKey } from '../src/hash/index.ts';
import { type Device, enter, FlowKeys, type Packet } from '../src/packet/index.ts';

/** Bytes written as hex digits, spaces allowed. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
}

/** The two keys of the published vectors: all zero, and the bytes 00 … 0f. */
export const ZERO_KEY: SipKey = { k0lo: 0, k0hi: 0, k1lo: 0, k1hi: 0 };
export const COUNTING_KEY: SipKey = { k0lo: 0x03020100, k0hi: 0x07060504, k1lo: 0x0b0a0908, k1hi: 0x0f0e0d0c };

export const INGRESS: Device = { hook: 'ingress', vlan: 'offload' };
export const EGRESS: Device = { hook: 'egress', vlan: 'offload' };
export const INGRESS_INBAND: Device = { hook: 'ingress', vlan: 'inband' };
export const EGRESS_INBAND: Device = { hook: 'egress', vlan: 'inband' };

export const ETHERNET = 1;

/** A frame of its own buffer. */
export function frameOf(bytes: Uint8Array, linkType = ETHERNET): Frame {
  const frame = new Frame();
  frame.data = bytes;
  frame.end = bytes.length;
  frame.length = bytes.length;
  frame.linkType = linkType;
  return frame;
}

export function envOf(era: EraName = '6.1', key: SipKey = ZERO_KEY): Env {
  return createEnv({ era: ERAS[era], seed: 0, rxhashKey: key, foldKey: key });
}

/** The packet that a frame becomes; throws where it would have no class. */
export function packetOf(bytes: Uint8Array, device: Device = INGRESS, env: Env = envOf(), linkType = ETHERNET): Packet {
  const packet = createPacket(env);
  const reason = enter(frameOf(bytes, linkType), packet, device);
  if (reason !== null) throw new Error(reason);
  return packet;
}

/** What an era's dissector makes of a frame. */
export function dissected(bytes: Uint8Array, era: EraName = '6.1', device: Device = INGRESS): FlowKeys {
  const env = envOf(era);
  const keys = new FlowKeys();
  env.era.dissect(packetOf(bytes, device, env), keys);
  return keys;
}

const MACS = '020000000002 020000000001';

/** An Ethernet frame: type and payload as hex. */
export function ethernet(type: string, payload: string): Uint8Array {
  return hex(`${MACS} ${type} ${payload}`);
}

/** A 20-byte IPv4 header, identification and checksum zero, with its payload. `flags`: the flags and offset half-word. */
export function ipv4(src: string, dst: string, protocol: number, payload: string, flags = '0000'): string {
  return `45000028 0000${flags} 40${byte(protocol)}0000 ${quad(src)} ${quad(dst)} ${payload}`;
}

/** A 40-byte IPv6 header with its payload; addresses are 32 hex digits. */
export function ipv6(src: string, dst: string, next: number, payload: string, label = '00000'): string {
  return `600${label} 0000 ${byte(next)} 40 ${src} ${dst} ${payload}`;
}

/** Source and destination port and enough of zeros for TCP or UDP. */
export function ports(source: number, destination: number): string {
  return `${half(source)}${half(destination)}${'00'.repeat(16)}`;
}

const byte = (value: number): string => value.toString(16).padStart(2, '0');
const half = (value: number): string => value.toString(16).padStart(4, '0');
const quad = (address: string): string =>
  address
    .split('.')
    .map((part) => byte(Number(part)))
    .join('');
