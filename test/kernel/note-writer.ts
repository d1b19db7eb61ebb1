import { BpfWriter } from './bpf.ts';
import type { Btf } from './btf.ts';
import {
  FILTER_SIZE,
  FILTERS,
  NAME_BYTES,
  Note,
  type Places,
  placesOf,
  SNAP,
  TUPLE_BYTES,
  WHATS,
  type What,
} from './note.ts';
import { Control, Maps, packetSize } from './watch.ts';

/** Registers: the function's arguments, the map of control, the note, and the struct that is being read. */
const [CONTEXT, CONTROL, ENTRY, POINTER] = [6, 7, 8, 9];
/** Places under the stack's top: a map's key, an address. */
const KEY = 8;
const SCRATCH = 16;

/** Writes the program that notes one way of one function. */
export class NoteWriter {
  private readonly w = new BpfWriter();
  private readonly btf: Btf;
  private readonly places: Places;

  constructor(btf: Btf) {
    this.btf = btf;
    this.places = placesOf(btf);
  }

  /** `returned`: where what the function gave stands behind its arguments. */
  program(what: What, returned: number): Buffer {
    this.begin(what);
    if (what.endsWith('end') || what === 'filter') this.w.load(8, 1, CONTEXT, returned).store(4, ENTRY, Note.gave, 1);
    this.w.load(8, POINTER, CONTEXT, 0);
    this.packet();
    if (what === 'list') {
      this.list();
      this.copyOfPacket();
    }
    if (what === 'list end') this.listEnd();
    if (what === 'filter') this.filter();
    if (what === 'enqueue') this.qdisc();
    return this.w.label('out').exit().done();
  }

  /** Only on the processor that scenes are played on, while Control.frame says so, as long as there is room. */
  private begin(what: What): void {
    const { w } = this;
    w.move(CONTEXT, 1).processor().jumpUnlessZero(0, 'out').set(1, 0).store(4, 10, -KEY, 1);
    w.lookup(Maps.CONTROL, KEY).jumpIfZero(0, 'out').move(CONTROL, 0);
    w.load(8, 1, CONTROL, Control.frame).jumpIfZero(1, 'out');
    w.load(8, 1, CONTROL, Control.visits).store(4, 10, -KEY, 1);
    w.lookup(Maps.VISITS, KEY).jumpIfZero(0, 'out').move(ENTRY, 0);
    w.load(8, 1, CONTROL, Control.visits).add(1, 1).store(8, CONTROL, Control.visits, 1);
    w.load(8, 1, CONTROL, Control.frame).store(4, ENTRY, Note.frame, 1);
    w.set(1, WHATS.indexOf(what)).store(4, ENTRY, Note.what, 1);
  }

  /** Copies a member of the struct at POINTER into the note. */
  private take(at: number, bytes: number, struct: string, member: string): this {
    this.w.copy(ENTRY, at, bytes, POINTER, this.btf.offset(struct, member));
    return this;
  }

  /** POINTER becomes the address that a member of the struct it leads to holds. */
  private follow(struct: string, member: string): this {
    this.w.copy(10, -SCRATCH, 8, POINTER, this.btf.offset(struct, member)).load(8, POINTER, 10, -SCRATCH);
    return this;
  }

  private argument(number: number): this {
    this.w.load(8, POINTER, CONTEXT, 8 * number);
    return this;
  }

  private packet(): void {
    this.take(Note.mark, 4, 'sk_buff', 'mark').take(Note.priority, 4, 'sk_buff', 'priority');
    this.take(Note.len, 4, 'sk_buff', 'len').take(Note.skbProtocol, 2, 'sk_buff', 'protocol');
    this.take(Note.vlanTci, 2, 'sk_buff', 'vlan_tci');
    this.follow('sk_buff', 'dev').take(Note.ifindex, 4, 'net_device', 'ifindex');
  }

  private list(): void {
    this.argument(2).follow('tcf_proto', 'chain').follow('tcf_chain', 'block');
    this.take(Note.handle, 4, 'tcf_block', 'classid');
    this.follow('tcf_block', 'q').take(Note.parent, 4, 'Qdisc', 'handle');
  }

  private listEnd(): void {
    this.argument(3).take(Note.classid, 4, 'tcf_result', 'classid');
    this.w.load(8, 1, CONTROL, Control.rxhashAddress).copy(CONTROL, Control.rxhashKey, 16, 1);
    this.w.load(8, 1, CONTROL, Control.foldAddress).copy(CONTROL, Control.foldKey, 16, 1);
  }

  private filter(): void {
    this.argument(2).take(Note.classid, 4, 'tcf_result', 'classid');
    this.argument(1).take(Note.pref, 4, 'tcf_proto', 'prio').take(Note.protocol, 2, 'tcf_proto', 'protocol');
    this.follow('tcf_proto', 'chain').take(Note.chain, 4, 'tcf_chain', 'index');
    this.argument(1).follow('tcf_proto', 'ops').take(Note.kind, 16, 'tcf_proto_ops', 'kind');
    this.argument(1).take(Note.head, 8, 'tcf_proto', 'root').follow('tcf_proto', 'root');
    const link = this.btf.offset('flow_filter', 'list');
    for (let i = 0; i < FILTERS; i++) {
      const at = Note.filters + i * FILTER_SIZE;
      this.w.copy(10, -SCRATCH, 8, POINTER, 0).load(8, POINTER, 10, -SCRATCH).store(8, ENTRY, at, POINTER);
      this.w.copy(ENTRY, at + 8, 4, POINTER, this.btf.offset('flow_filter', 'handle') - link);
      this.w.copy(ENTRY, at + 12, 4, POINTER, this.btf.offset('flow_filter', 'hashrnd') - link);
    }
  }

  private qdisc(): void {
    this.argument(1).take(Note.handle, 4, 'Qdisc', 'handle').take(Note.parent, 4, 'Qdisc', 'parent');
    this.follow('Qdisc', 'ops').take(Note.kind, 16, 'Qdisc_ops', 'id');
  }

  /** The packet's sk_buff, what it points to, and its bytes from the link header on, under the next free number. */
  private copyOfPacket(): void {
    const { w, btf, places } = this;
    w.load(8, 1, CONTROL, Control.seen).add(1, 1).store(8, CONTROL, Control.seen, 1);
    w.store(4, ENTRY, Note.packet, 1).store(4, 10, -KEY, 1);
    w.lookup(Maps.PACKETS, KEY).jumpIfZero(0, 'out').move(ENTRY, 0);
    const skbSize = packetSize(btf) - 8;
    this.argument(0).w.copy(ENTRY, 0, skbSize, POINTER);
    this.argument(0).follow('sk_buff', 'dev').take(skbSize, 8, 'net_device', 'features');
    this.take(places.name, NAME_BYTES, 'net_device', 'name');
    this.argument(0).masked('sk_buff', '_skb_refdst', -2).take(places.realms, 4, 'dst_entry', 'tclassid');
    this.argument(0).masked('sk_buff', '_nfct', -8);
    for (const i of [0, 1]) {
      const tuple = btf.offset('nf_conn', 'tuplehash') + i * btf.sizeOf('nf_conntrack_tuple_hash');
      const at = tuple + btf.offset('nf_conntrack_tuple_hash', 'tuple');
      w.copy(ENTRY, places.tuples + i * TUPLE_BYTES, TUPLE_BYTES, POINTER, at);
    }
    this.argument(0).w.copy(10, -SCRATCH, 8, POINTER, btf.offset('sk_buff', 'head'));
    w.set(1, 0).store(8, 10, -KEY, 1).copy(10, -KEY, 2, POINTER, btf.offset('sk_buff', 'mac_header'));
    w.load(8, POINTER, 10, -SCRATCH).load(8, 1, 10, -KEY).addRegister(POINTER, 1);
    w.copy(ENTRY, places.bytes, SNAP, POINTER);
  }

  /** follow(), the address without the bits that are none. */
  private masked(struct: string, member: string, mask: number): this {
    this.follow(struct, member).w.and(POINTER, mask);
    return this;
  }
}
