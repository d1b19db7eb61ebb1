import { UsageError } from '../errors.ts';
import { type Address, getU32, parseAddress } from '../lang/index.ts';
import { ETH_HLEN, ETH_P, IPPROTO } from './ethertype.ts';
import { hasSpi, ipProtocol, transportHeader } from './headers.ts';

const EXAMPLE = 'write it like: tcp 192.168.1.7:51514 > 1.1.1.1:443, or udp [2001:db8::1]:53 > [2001:db8::2]:53';
const SPI_EXAMPLE = 'write it behind the addresses, like: esp 192.0.2.1 > 192.0.2.2 spi 0x1234';
const PAYLOAD = 20;

interface Endpoint {
  readonly address: Address;
  /** null: none was written. */
  readonly port: number | null;
}

/** What the words say. */
interface Said {
  readonly protocol: number;
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly spi: number | null;
}

/** A packet in words as a frame. */
export interface Described {
  /** From the Ethernet header up to what the words leave out. */
  readonly bytes: Uint8Array;
  /** Of the whole frame, in bytes. */
  readonly length: number;
  /** What the words leave out though such a packet has it, and how to write it; null: nothing. */
  readonly unsaid: { readonly input: string; readonly hint: string } | null;
}

/**
 * The Ethernet frame of a packet in words: lengths and checksums are right, TCP is a SYN, ICMP an echo request, what nobody
 * wrote is 0.
 *
 * @param text `PROTO SOURCE[:PORT] > DESTINATION[:PORT]`, for ESP and AH `PROTO SOURCE > DESTINATION spi N`; PROTO is a name
 * or a number
 * @returns the frame, from its Ethernet header on
 * @throws UsageError with the index of the wrong word, also where an SPI is left out
 * @example
 * describeFrame('udp 192.0.2.1:5000 > 198.51.100.1:53').length; // 54
 */
export function describeFrame(text: string): Uint8Array {
  const { bytes, unsaid } = describe(text);
  if (unsaid !== null) throw new UsageError(`${unsaid.input}: it was left out`, 0, unsaid.hint);
  return bytes;
}

/** The same where an SPI may be left out: the frame then ends before it. */
export function describe(text: string): Described {
  const said = read(text.trim().split(/\s+/));
  const frame = buildFrame(said);
  const { length } = frame;
  if (said.spi !== null || !hasSpi(said.protocol)) return { bytes: frame, length, unsaid: null };
  return { bytes: frame.subarray(0, spiAt(said)), length, unsaid: { input: 'spi', hint: SPI_EXAMPLE } };
}

/** Throws UsageError. */
function read(words: readonly string[]): Said {
  const [name = '', from = '', arrow = '', to = ''] = words;
  const protocol = ipProtocol(name);
  if (protocol === null) throw new UsageError(`"${name}" is no protocol`, 0, EXAMPLE);
  if (words.length < 4 || arrow !== '>')
    throw new UsageError('expected SOURCE > DESTINATION', Math.min(2, words.length), EXAMPLE);
  const source = endpoint(from, 1);
  const destination = endpoint(to, 3);
  if (source.address.family !== destination.address.family) {
    throw new UsageError('source and destination are of different families', 3, EXAMPLE);
  }
  if (source.port !== null || destination.port !== null) checkPorts(protocol, name, source.port === null ? 3 : 1);
  return { protocol, source, destination, spi: readSpi(words.slice(4), protocol, name) };
}

function checkPorts(protocol: number, name: string, word: number): void {
  if (hasSpi(protocol)) throw new UsageError(`${name} has an SPI, and no ports`, word, SPI_EXAMPLE);
  if (transportHeader(protocol)?.ports !== 0) throw new UsageError(`${name} has no ports`, word, EXAMPLE);
}

/** `spi 0x1234`; null: it is left out. */
function readSpi(words: readonly string[], protocol: number, name: string): number | null {
  if (words.length === 0) return null;
  const [word, text = ''] = words;
  if (word !== 'spi') throw new UsageError('expected SOURCE > DESTINATION', 4, EXAMPLE);
  if (!hasSpi(protocol)) throw new UsageError(`${name} has no SPI`, 4, EXAMPLE);
  const spi = getU32(text);
  if (spi === undefined || words.length !== 2) throw new UsageError(`"${text}" is no SPI`, 5, SPI_EXAMPLE);
  return spi;
}

/** `192.0.2.1:80`, `[2001:db8::1]:80`, or an address alone. */
function endpoint(text: string, word: number): Endpoint {
  const bracketed = /^\[([^\]]*)\](?::(\d{1,5}))?$/.exec(text);
  const dotted = /^([0-9.]+)(?::(\d{1,5}))?$/.exec(text);
  const [, host = text, digits] = bracketed ?? dotted ?? [];
  const address = parseAddress(host);
  const port = digits === undefined ? null : Number(digits);
  if (address === null || (port ?? 0) > 0xffff)
    throw new UsageError(`"${text}" is no address with a port`, word, EXAMPLE);
  return { address, port };
}

/** What stands behind the IP header. */
interface Payload {
  readonly size?: number;
  /** Writes it at the beginning of the view, checksum left 0. */
  readonly write: (view: DataView, said: Said) => void;
  /** Where its checksum stands, and whether the addresses count; absent: it has none. */
  readonly checksum?: { readonly at: number; readonly pseudo: boolean };
}

function writePorts(view: DataView, { source, destination }: Said): void {
  view.setUint16(0, source.port ?? 0);
  view.setUint16(2, destination.port ?? 0);
}

function writeEcho(view: DataView, type: number): void {
  view.setUint8(0, type);
  view.setUint16(4, 1);
  view.setUint16(6, 1);
}

/** RFC 4302: the rest of the header is what authenticates, of 96 bits; no packet follows. */
function writeAh(view: DataView, { spi }: Said): void {
  view.setUint8(0, IPPROTO.NONE);
  view.setUint8(1, 4);
  view.setUint32(4, spi ?? 0);
  view.setUint32(8, 1);
}

const PORTS_ALONE: Payload = { write: writePorts };
const NOTHING: Payload = { write: () => {} };

const PAYLOADS: Readonly<Record<number, Payload>> = {
  [IPPROTO.TCP]: {
    write(view, said) {
      writePorts(view, said);
      // Five words of header, SYN, a window.
      view.setUint16(12, 0x5002);
      view.setUint16(14, 0xfaf0);
    },
    checksum: { at: 16, pseudo: true },
  },
  [IPPROTO.UDP]: {
    write(view, said) {
      writePorts(view, said);
      view.setUint16(4, PAYLOAD);
    },
    checksum: { at: 6, pseudo: true },
  },
  // A coverage of 0 is all of it.
  [IPPROTO.UDPLITE]: { write: writePorts, checksum: { at: 6, pseudo: true } },
  [IPPROTO.ICMP]: { write: (view) => writeEcho(view, 8), checksum: { at: 2, pseudo: false } },
  [IPPROTO.ICMPV6]: { write: (view) => writeEcho(view, 128), checksum: { at: 2, pseudo: true } },
  [IPPROTO.ESP]: {
    write(view, { spi }) {
      view.setUint32(0, spi ?? 0);
      view.setUint32(4, 1);
    },
  },
  [IPPROTO.AH]: { size: 24, write: writeAh },
};

const payloadOf = (protocol: number): Payload =>
  PAYLOADS[protocol] ?? (transportHeader(protocol)?.ports === 0 ? PORTS_ALONE : NOTHING);

const headerSize = ({ source }: Said): number => (source.address.family === 6 ? 40 : 20);

/** Where the SPI stands in the frame. */
const spiAt = (said: Said): number => ETH_HLEN + headerSize(said) + (transportHeader(said.protocol)?.ports ?? 0);

function buildFrame(said: Said): Uint8Array {
  const { size = PAYLOAD, write, checksum } = payloadOf(said.protocol);
  const header = headerSize(said);
  const frame = new Uint8Array(ETH_HLEN + header + size);
  const part = (at: number, length: number): DataView => new DataView(frame.buffer, at, length);
  frame.set([0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1]);
  part(12, 2).setUint16(0, header === 40 ? ETH_P.IPV6 : ETH_P.IPV4);
  const ip = part(ETH_HLEN, header);
  if (header === 40) writeIpv6(ip, said, size);
  else writeIpv4(ip, said, size);
  const payload = part(ETH_HLEN + header, size);
  write(payload, said);
  if (checksum === undefined) return frame;
  const ends = header === 40 ? part(ETH_HLEN + 8, 32) : part(ETH_HLEN + 12, 8);
  const sum = sumOf(payload) + (checksum.pseudo ? sumOf(ends) + said.protocol + size : 0);
  // 0 would say that there is none.
  payload.setUint16(checksum.at, folded(sum) || 0xffff);
  return frame;
}

function writeIpv4(view: DataView, { protocol, source, destination }: Said, size: number): void {
  view.setUint8(0, 0x45);
  view.setUint16(2, view.byteLength + size);
  view.setUint8(8, 64);
  view.setUint8(9, protocol);
  writeAddress(view, 12, source.address);
  writeAddress(view, 16, destination.address);
  view.setUint16(10, folded(sumOf(view)));
}

function writeIpv6(view: DataView, { protocol, source, destination }: Said, size: number): void {
  view.setUint8(0, 0x60);
  view.setUint16(4, size);
  view.setUint8(6, protocol);
  view.setUint8(7, 64);
  writeAddress(view, 8, source.address);
  writeAddress(view, 24, destination.address);
}

function writeAddress(view: DataView, at: number, address: Address): void {
  const count = address.family === 4 ? 1 : 4;
  for (const [i, word] of address.words.slice(0, count).entries()) view.setInt32(at + 4 * i, word);
}

/** RFC 1071, before its carries are added: the 16-bit words of an even number of bytes. */
function sumOf(view: DataView): number {
  let sum = 0;
  for (let at = 0; at < view.byteLength; at += 2) sum += view.getUint16(at);
  return sum;
}

function folded(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return ~((once & 0xffff) + (once >>> 16)) & 0xffff;
}
