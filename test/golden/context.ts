import { Ct, Direction, Input, type Packet } from '../../src/packet/index.ts';

/** `context` of a record: what the classifier was given besides the frame. */
export interface Context {
  readonly mark: number;
  readonly priority: number;
  readonly protocol: string;
  readonly iif: number;
  readonly len: number;
  readonly networkOffset: number;
  readonly transportOffset: number | null;
  readonly macOffset?: number | null;
  readonly vlanTag: { readonly proto: string; readonly tci: number } | null;
  readonly vlanTagOffload: boolean;
  readonly foldSk: number;
  readonly foldDst: number;
  readonly foldNfct: number;
  readonly dstTclassid?: number;
  readonly nfct: boolean;
  readonly conntrack?: Conntrack | null;
}

export interface RecordedTuple {
  readonly l3: string;
  readonly src: string;
  readonly srcAll: number;
  readonly dst: string;
  readonly dstAll: number;
  readonly proto: number;
}

export interface Conntrack {
  readonly ctinfo: number;
  readonly direction: 'original' | 'reply';
  readonly original: RecordedTuple;
  readonly reply: RecordedTuple;
}

/** Fills `p` with what the kernel had: `data` begins at the MAC header where there is one, `at` is skb->data in it. */
export function applyContext(p: Packet, context: Context, data: Uint8Array, at: number): void {
  p.reset();
  p.data = data;
  p.at = at;
  p.end = data.length;
  p.len = context.len;
  p.network = at + context.networkOffset;
  p.transport = context.transportOffset === null ? -1 : at + context.transportOffset;
  p.mac = p.addresses = at + (context.macOffset ?? 0);
  p.macLen = at > 0 ? 14 : 0;
  p.protocol = Number(context.protocol);
  if (context.vlanTag !== null) {
    p.vlanTci = context.vlanTag.tci;
    p.vlanProto = Number(context.vlanTag.proto);
  }
  p.vlanOffload = context.vlanTagOffload;
  p.mark = context.mark;
  p.priority = context.priority;
  p.iif = context.iif;
  p.rtClassid = context.dstTclassid ?? 0;
  p.sk = context.foldSk;
  p.dst = context.foldDst;
  p.nfct = context.foldNfct;
  p.given = ALL_GIVEN;
  p.ct = context.nfct && context.conntrack ? entry(context.conntrack) : null;
}

export const ALL_GIVEN = Object.values(Input).reduce((all, bit) => all | bit, 0);

function entry(recorded: Conntrack): Ct {
  const ct = new Ct();
  ct.direction = recorded.ctinfo < 3 ? Direction.ORIGINAL : Direction.REPLY;
  const tuple = ct.direction === Direction.ORIGINAL ? recorded.original : recorded.reply;
  ct.src.set(addressWords(tuple.src));
  ct.dst.set(addressWords(tuple.dst));
  ct.srcAll = tuple.srcAll;
  ct.dstAll = tuple.dstAll;
  return ct;
}

/** An address as big-endian words: one for IPv4, four for IPv6. The records are written by the kernel's %pI4, %pI6c. */
export function addressWords(text: string): number[] {
  if (!text.includes(':')) return [text.split('.').reduce((word, part) => (word << 8) | Number(part), 0)];
  const [head = '', tail] = text.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const all = [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
  return [0, 2, 4, 6].map((i) => ((all[i] ?? 0) << 16) | (all[i + 1] ?? 0));
}
