// tidy.mjs IN.pcapng OUT.pcapng — what dumpcap wrote, made fit to publish: packets in time order, and nothing that
// names the machine (its hardware, system, programs, comments and statistics). Interfaces keep name and clock.
import { readFileSync, writeFileSync } from 'node:fs';

// Block and option numbers of the pcapng draft (draft-ietf-opsawg-pcapng).
const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE = 1;
const ENHANCED_PACKET = 6;
const KEPT_INTERFACE_OPTIONS = [2, 9]; // if_name, if_tsresol
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

const padded = (length) => (length + 3) & ~3;

function* blocks(file) {
  if (file.readUInt32LE(8) !== BYTE_ORDER_MAGIC) throw new Error('not a little-endian pcapng file');
  for (let at = 0; at < file.length; at += file.readUInt32LE(at + 4)) {
    yield { type: file.readUInt32LE(at), body: file.subarray(at + 8, at + file.readUInt32LE(at + 4) - 4) };
  }
}

function block(type, body) {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(body.length + 12, 4);
  return Buffer.concat([head, body, head.subarray(4)]);
}

function keptOptions(options) {
  const kept = [];
  for (let at = 0; at + 4 <= options.length && options.readUInt16LE(at) !== 0; ) {
    const next = at + 4 + padded(options.readUInt16LE(at + 2));
    if (KEPT_INTERFACE_OPTIONS.includes(options.readUInt16LE(at))) kept.push(options.subarray(at, next));
    at = next;
  }
  return Buffer.concat([...kept, Buffer.alloc(4)]); // opt_endofopt
}

const clock = (packet) => (BigInt(packet.readUInt32LE(4)) << 32n) | BigInt(packet.readUInt32LE(8));

const [from, to] = process.argv.slice(2);
const read = [...blocks(readFileSync(from))];
const only = (wanted) => read.filter(({ type }) => type === wanted).map(({ body }) => body);

const sections = only(SECTION_HEADER).map((body) => block(SECTION_HEADER, body.subarray(0, 16)));
const interfaces = only(INTERFACE).map((body) =>
  block(INTERFACE, Buffer.concat([body.subarray(0, 8), keptOptions(body.subarray(8))])),
);
const packets = only(ENHANCED_PACKET)
  .sort((a, b) => Number(clock(a) - clock(b)))
  .map((body) => block(ENHANCED_PACKET, body.subarray(0, 20 + padded(body.readUInt32LE(12)))));
if (sections.length !== 1) throw new Error('expected one section');
writeFileSync(to, Buffer.concat([...sections, ...interfaces, ...packets]));
