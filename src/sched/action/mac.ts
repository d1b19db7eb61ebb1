import type { Fixed } from '../../netlink/index.ts';

/** Ethernet addresses in options: six bytes. */

const SIZE = 6;

/** A payload of six bytes; longer ones are cut. */
export const macAddress: Fixed<Uint8Array> = {
  size: SIZE,
  fits: (length) => length >= SIZE,
  read: (data, at) => data.slice(at, at + SIZE),
  write: (value, w) => w.bytes(value),
  show: macText,
  sample: (draw) => Uint8Array.from({ length: SIZE }, () => draw(256)),
};

export function macText(mac: Uint8Array): string {
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** sscanf("%hhx:%hhx:…"): six hexadecimal numbers between colons, each cut to a byte; what follows is not looked at. */
export function scanMac(text: string): Uint8Array | undefined {
  const found = /^\s*([0-9a-f]+):([0-9a-f]+):([0-9a-f]+):([0-9a-f]+):([0-9a-f]+):([0-9a-f]+)/i.exec(text);
  return found === null ? undefined : Uint8Array.from(found.slice(1), (part) => Number.parseInt(part.slice(-2), 16));
}

/**
 * iproute2 lib/ll_addr.c: ll_addr_a2n() — up to six bytes between colons, each read by sscanf("%x"), so that what
 * follows the number is not looked at; missing ones are 0.
 */
export function lladdr(text: string): Uint8Array | undefined {
  const parts = text.split(':').slice(0, SIZE);
  const bytes = parts.map((part) => Number.parseInt(part, 16));
  if (!bytes.every((byte) => byte >= 0 && byte <= 0xff)) return undefined;
  const mac = new Uint8Array(SIZE);
  mac.set(bytes);
  return mac;
}
