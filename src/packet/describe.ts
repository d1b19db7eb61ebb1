import { UsageError } from '../errors.ts';
import { type Address, parseAddress } from '../lang/index.ts';
import { ETH_P } from './ethertype.ts';
import { ipProtocol } from './headers.ts';

const EXAMPLE = 'write it like: tcp 192.168.1.7:51514 > 1.1.1.1:443, or udp [2001:db8::1]:53 > [2001:db8::2]:53';
const ETHERNET = 14;
const PAYLOAD = 20;

interface Endpoint {
  readonly address: Address;
  readonly port: number;
}

/**
 * An Ethernet frame for `PROTO SOURCE[:PORT] > DESTINATION[:PORT]`; PROTO is a name or a number.
 * Throws UsageError with the index of the wrong word.
 */
export function describeFrame(text: string): Uint8Array {
  const words = text.trim().split(/\s+/);
  const [name = '', from = '', arrow = '', to = ''] = words;
  const protocol = ipProtocol(name);
  if (protocol === null) throw new UsageError(`"${name}" is no protocol`, 0, EXAMPLE);
  if (words.length !== 4 || arrow !== '>')
    throw new UsageError('expected SOURCE > DESTINATION', Math.min(2, words.length), EXAMPLE);
  const source = endpoint(from, 1);
  const destination = endpoint(to, 3);
  if (source.address.family !== destination.address.family) {
    throw new UsageError('source and destination are of different families', 3, EXAMPLE);
  }
  return buildFrame(protocol, source, destination);
}

/** `192.0.2.1:80`, `[2001:db8::1]:80`, or an address alone. */
function endpoint(text: string, word: number): Endpoint {
  const bracketed = /^\[([^\]]*)\](?::(\d{1,5}))?$/.exec(text);
  const dotted = /^([0-9.]+)(?::(\d{1,5}))?$/.exec(text);
  const [, host = text, digits = '0'] = bracketed ?? dotted ?? [];
  const address = parseAddress(host);
  const port = Number(digits);
  if (address === null || port > 0xffff) throw new UsageError(`"${text}" is no address with a port`, word, EXAMPLE);
  return { address, port };
}

function buildFrame(protocol: number, source: Endpoint, destination: Endpoint): Uint8Array {
  const v6 = source.address.family === 6;
  const header = v6 ? 40 : 20;
  const frame = new Uint8Array(ETHERNET + header + PAYLOAD);
  const view = new DataView(frame.buffer);
  frame.set([0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1]);
  view.setUint16(12, v6 ? ETH_P.IPV6 : ETH_P.IPV4);
  const at = ETHERNET;
  if (v6) {
    view.setUint8(at, 0x60);
    view.setUint16(at + 4, PAYLOAD);
    view.setUint8(at + 6, protocol);
    view.setUint8(at + 7, 64);
  } else {
    view.setUint8(at, 0x45);
    view.setUint16(at + 2, header + PAYLOAD);
    view.setUint8(at + 8, 64);
    view.setUint8(at + 9, protocol);
  }
  writeAddress(view, at + (v6 ? 8 : 12), source.address);
  writeAddress(view, at + (v6 ? 24 : 16), destination.address);
  view.setUint16(at + header, source.port);
  view.setUint16(at + header + 2, destination.port);
  return frame;
}

function writeAddress(view: DataView, at: number, address: Address): void {
  const count = address.family === 4 ? 1 : 4;
  for (const [i, word] of address.words.slice(0, count).entries()) view.setInt32(at + 4 * i, word);
}
