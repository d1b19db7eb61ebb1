import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parseAddress } from '../../src/lang/index.ts';
import { AddrType, type FlowKeys, type Packet } from '../../src/packet/index.ts';
import type { Run } from '../../src/run.ts';

/** One line of a reference file: what TShark says of a packet. Numbers in fuzzed files can be absurd. */
interface Row {
  readonly n: number;
  /** Its number for the link type; '' for records that are no packets. */
  readonly encap: number | '';
  readonly src?: string;
  readonly dst?: string;
  readonly proto?: number;
  readonly fo?: number;
  readonly mf?: number;
  readonly sp?: number;
  readonly dp?: number;
  readonly prot: string;
}

type Field = 'src' | 'dst' | 'proto' | 'sport' | 'dport' | 'class';

/** Where TShark and the kernel part for a reason that is known, and in what they then may. */
interface Exception {
  readonly reason: string;
  readonly fields: readonly Field[];
  readonly applies: (row: Row, packet: Packet, unclassified: string | null) => boolean;
}

const PORTS = ['sport', 'dport'] as const;

const EXCEPTIONS: readonly Exception[] = [
  {
    reason: 'link type that has no class',
    fields: ['class'],
    applies: (_row, _packet, unclassified) => unclassified?.startsWith('link type ') ?? false,
  },
  {
    reason: 'the kernel does not look beneath MPLS labels',
    fields: ['src', 'dst', 'proto', ...PORTS],
    applies: (row) => row.prot.includes(':mpls:'),
  },
  {
    reason: 'the kernel knows no Cisco FabricPath header',
    fields: ['src', 'dst', 'proto', ...PORTS],
    applies: (row) => row.prot.includes(':cfp:'),
  },
  {
    reason: 'the kernel stops at an authentication header, whose SPI stands for the ports',
    fields: ['proto', ...PORTS],
    applies: (row) => row.prot.includes(':ah:'),
  },
  {
    reason: 'the kernel stops at a fragment header: no ports even in a first or only fragment (quirk 4)',
    fields: ['proto', ...PORTS],
    applies: (row) => row.prot.includes(':ipv6.fraghdr:'),
  },
  {
    reason: "TShark shows a source route's last hop as destination, the kernel the header's",
    fields: ['dst'],
    applies: (_row, packet) => hasSourceRoute(packet),
  },
];

/** IPv4 options 131 and 137: loose and strict source route (RFC 791). */
function hasSourceRoute(packet: Packet): boolean {
  const start = packet.network;
  const end = start + 4 * ((packet.data[start] ?? 0) & 0xf);
  for (let at = start + 20; at < end; ) {
    const type = packet.data[at] ?? 0;
    if (type === 131 || type === 137) return true;
    at += type <= 1 ? 1 : Math.max(2, packet.data[at + 1] ?? 0);
  }
  return false;
}

/** What comparing a file with its reference came to. */
export class Comparison {
  compared = 0;
  readonly differences: string[] = [];
  readonly exceptions = new Map<string, number>();
  private readonly rows: readonly Row[];
  private at = 0;

  constructor(referenceFile: string) {
    this.rows = gunzipSync(readFileSync(referenceFile))
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line): Row => JSON.parse(line))
      .filter((row) => row.encap !== '');
  }

  /** Compares the next packet of the capture with the next row. */
  next(run: Run, keys: FlowKeys): void {
    const row = this.rows[this.at++];
    if (row === undefined || !isPlain(row)) return;
    const differs =
      run.reason === null ? differences(row, keys) : new Map([['class' as Field, `no class: ${run.reason}`]]);
    if (differs.size === 0) {
      this.compared++;
      return;
    }
    const exception = EXCEPTIONS.find(
      ({ fields, applies }) =>
        [...differs.keys()].every((field) => fields.includes(field)) && applies(row, run.packet, run.reason),
    );
    if (exception === undefined) {
      this.differences.push(`packet ${row.n} (${row.prot}): ${[...differs.values()].join(', ')}`);
      return;
    }
    this.exceptions.set(exception.reason, (this.exceptions.get(exception.reason) ?? 0) + 1);
  }
}

/** TCP or UDP right behind the frame's only IP header. */
function isPlain(row: Row): boolean {
  if (row.src === undefined || (row.proto !== 6 && row.proto !== 17)) return false;
  const before = row.prot.split(/:(?:tcp|udp)(?::|$)/)[0] ?? '';
  return before.split(':').filter((name) => name === 'ip' || name === 'ipv6').length === 1;
}

function differences(row: Row, keys: FlowKeys): Map<Field, string> {
  const found = new Map<Field, string>();
  const differ = (field: Field, ours: string | number, theirs: string | number | undefined): void => {
    if (ours !== theirs) found.set(field, `${field} ${ours}, TShark ${theirs}`);
  };
  differ('src', addressText(keys, 0), parsedText(row.src, keys));
  differ('dst', addressText(keys, 1), parsedText(row.dst, keys));
  differ('proto', keys.ipProto, row.proto);
  const isFragment = (row.fo ?? 0) !== 0 || (row.mf ?? 0) !== 0;
  if (isFragment || row.sp === undefined) return found;
  differ('sport', keys.ports >>> 16, row.sp);
  differ('dport', keys.ports & 0xffff, row.dp);
  return found;
}

const wordsOf = (keys: FlowKeys): number => (keys.addrType === AddrType.IPV4 ? 1 : 4);

/** The `nth` address as the dissector left it, in words. */
function addressText(keys: FlowKeys, nth: 0 | 1): string {
  const words = wordsOf(keys);
  return [...keys.addr.subarray(nth * words, (nth + 1) * words)].join(' ');
}

function parsedText(address: string | undefined, keys: FlowKeys): string {
  const words = parseAddress(address ?? '')?.words ?? [];
  return words.slice(0, wordsOf(keys)).join(' ');
}
