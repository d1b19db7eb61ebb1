import { Errno, KernelError, UsageError } from '../../errors.ts';
import { getU32, type Printer, type Words } from '../../lang/index.ts';
import { type AttrWriter, type Decoded, decode, nest, string, table, u32 } from '../../netlink/index.ts';
import { Input, type Packet, Reader } from '../../packet/index.ts';
import { classidText, tcMajor } from '../../u32.ts';
import { UNSPEC, Verdict } from '../../verdict.ts';
import type { Bound } from '../action/index.ts';
import { takePart } from '../flow/index.ts';
import type { Result, Talk } from '../notation.ts';
import { flowParts } from './flow.ts';
import {
  bindClassid,
  cameIn,
  type FilterChange,
  type FilterFacts,
  fieldTest,
  type Host,
  indev,
  indevTests,
  type KernelClassifier,
  type Kind,
  letGo,
  type Survey,
  surveyOf,
  TCA_OPTIONS,
  withActions,
} from './kind.ts';
import { plainHandle, takeClassid, takeIndev, unknownWord } from './words.ts';

/** include/uapi/linux/pkt_cls.h: TCA_FW_* */
const TCA_FW = {
  classid: [1, u32],
  police: [2, nest],
  indev: [3, string],
  act: [4, nest],
  mask: [5, u32],
} as const;
const FW = table(TCA_FW);
type FwOptions = Decoded<typeof TCA_FW>;

const ALL_BITS = 0xffffffff;

/** tc/f_fw.c: fw_filter_util; net/sched/cls_fw.c: cls_fw_ops */
export const fw: Kind = {
  kind: 'fw',
  byMark: true,
  speak,
  print: (handle, options, out, talk) => print(handle, decode(FW, options), out, talk),
  create: (host) => new FwFilters(host),
};

/** fw_parse_opt() — the handle is `MARK[/MASK]`; without any words a mask is not sent either. */
function speak(handle: string | null, words: Words, w: AttrWriter, talk: Talk): number {
  const slash = handle?.indexOf('/') ?? -1;
  const mark = slash < 0 ? handle : (handle?.slice(0, slash) ?? null);
  const number = mark === null ? 0 : plainHandle(mark);
  const mask = slash < 0 ? null : getU32(handle?.slice(slash + 1) ?? '');
  if (mask === undefined) throw new UsageError('Illegal "handle" mask');
  if (words.done) return number;
  w.nest(TCA_OPTIONS, () => {
    if (mask !== null) w.put(TCA_FW.mask, mask);
    while (!words.done) speakOption(words, w, talk);
  });
  return number;
}

function speakOption(words: Words, w: AttrWriter, talk: Talk): void {
  const word = words.next();
  if (words.was('classid') || words.was('flowid')) w.put(TCA_FW.classid, takeClassid(words));
  else if (words.was('police')) takePart(words, w, TCA_FW.police[0], flowParts(talk).police);
  else if (words.was('action')) takePart(words, w, TCA_FW.act[0], flowParts(talk).action);
  else if (words.wasExactly('indev')) w.put(TCA_FW.indev, takeIndev(words, talk));
  else throw unknownWord(words, word, USAGE);
}

const USAGE = [
  'Usage: ... [ handle MARK[/MASK] ] fw [ classid CLASSID ] [ indev DEV ] [ action ... | police ... ]',
  '       ... fw: the mark itself is the class',
].join('\n');

/** fw_print_opt() — JSON as tc prints it since it was converted; 6.1.0 wrote the text into it. */
function print(handle: number, o: FwOptions, out: Printer, talk: Talk): void {
  const parts = flowParts(talk);
  out.unconverted((plain) => {
    if (handle !== 0 || o.mask !== undefined) printMark(handle, o.mask ?? ALL_BITS, plain);
    if (o.classid !== undefined) plain.put('classid', classidText(o.classid), `classid ${classidText(o.classid)} `);
  });
  if (o.police !== undefined) parts.police.print(o.police, out);
  if (o.indev !== undefined) {
    const name = o.indev;
    out.unconverted((plain) => plain.put('indev', name, `input dev ${name} `));
  }
  if (o.act === undefined) return;
  out.unconverted((plain) => plain.text('\n'));
  parts.action.print(o.act, out);
}

function printMark(mark: number, mask: number, out: Printer): void {
  const [markText, maskText] = [`0x${mark.toString(16)}`, `0x${mask.toString(16)}`];
  out.text(mask === ALL_BITS ? `handle ${markText} ` : `handle ${markText}/${maskText} `);
  out.member('fw', { mark: markText, mask: maskText });
}

/** struct fw_filter */
interface FwFilter {
  readonly id: number;
  readonly classid: number;
  readonly ifindex: number;
  readonly actions: Bound;
  readonly unbind: () => void;
}

/** struct fw_head: filters by mark. */
interface FwHead {
  readonly mask: number;
  /** Latest first in each bucket. */
  readonly buckets: FwFilter[][];
}

const BUCKETS = 256;

/** fw_hash() */
function hash(mark: number): number {
  const folded = mark ^ (mark >>> 16);
  return (folded ^ (folded >>> 8)) & (BUCKETS - 1);
}

/** net/sched/cls_fw.c as a tcf_proto. */
class FwFilters implements KernelClassifier {
  readonly flow = null;
  private readonly host: Host;
  /** null until the first filter with options: the mark itself is the class. */
  private head: FwHead | null = null;

  constructor(host: Host) {
    this.host = host;
  }

  /** fw_classify() */
  classify(p: Packet, result: Result): Verdict {
    p.reads(Input.MARK, Reader.FW);
    if (this.head === null) return this.oldMethod(p, result);
    const id = (p.mark & this.head.mask) >>> 0;
    for (const filter of this.head.buckets[hash(id)] ?? []) {
      if (filter.id !== id) continue;
      result.classid = filter.classid;
      result.handle = id;
      if (!cameIn(p, filter.ifindex, Reader.FW)) continue;
      const verdict = filter.actions.act(p, result);
      if (verdict >= 0) return verdict;
    }
    return UNSPEC;
  }

  /** The mark as class id, if its major is the qdisc's or 0 (quirk 69). */
  private oldMethod(p: Packet, result: Result): Verdict {
    const id = p.mark >>> 0;
    if (id === 0 || (tcMajor(id) !== 0 && tcMajor(id) !== tcMajor(this.host.qdisc))) return UNSPEC;
    result.classid = id;
    result.handle = 0;
    return Verdict.OK;
  }

  has(handle: number): boolean {
    return this.find(handle) !== null;
  }

  /** fw_get() */
  private find(handle: number): FwFilter | null {
    return this.head?.buckets[hash(handle)]?.find(({ id }) => id === handle) ?? null;
  }

  /** fw_change() */
  change(handle: number, request: FilterChange): number {
    if (request.options === null) return this.changeWithout(handle);
    const o = decode(FW, request.options);
    const old = this.find(handle);
    if (old === null && handle === 0) throw new KernelError(Errno.EINVAL, '', 'needs-handle', 'handle');
    const isFirst = this.head === null;
    const head = this.head ?? { mask: o.mask ?? ALL_BITS, buckets: Array.from({ length: BUCKETS }, () => []) };
    this.head = head;
    try {
      const filter = this.settle(handle, old?.ifindex ?? 0, head.mask, o, request);
      const bucket = head.buckets[hash(handle)];
      if (old === null) bucket?.unshift(filter);
      else {
        bucket?.splice(bucket.indexOf(old), 1, filter);
        letGo(this.host, old);
      }
      return handle;
    } catch (error) {
      if (isFirst) this.head = null;
      throw error;
    }
  }

  /** The old method has no filters, and needs a qdisc whose major a mark could have. */
  private changeWithout(handle: number): number {
    if (handle !== 0) throw new KernelError(Errno.EINVAL);
    if (this.host.sharedBlock) {
      throw new KernelError(
        Errno.EINVAL,
        'Must specify mark when attaching fw filter to block',
        'needs-mark',
        'handle',
      );
    }
    return 0;
  }

  /** fw_set_parms() */
  private settle(id: number, ifindex: number, mask: number, o: FwOptions, request: FilterChange): FwFilter {
    return withActions(this.host, request, { act: o.act, police: o.police }, (actions) => {
      const from = o.indev === undefined ? ifindex : indev(o.indev, this.host, Errno.EINVAL);
      if ((o.mask ?? ALL_BITS) !== mask) throw new KernelError(Errno.EINVAL);
      return { id, classid: o.classid ?? 0, ifindex: from, actions, unbind: bindClassid(this.host, o.classid) };
    });
  }

  /** fw_delete() */
  delete(handle: number): boolean {
    const filter = this.find(handle);
    const bucket = this.head?.buckets[hash(handle)];
    if (filter === null || bucket === undefined) throw new KernelError(Errno.EINVAL);
    bucket.splice(bucket.indexOf(filter), 1);
    letGo(this.host, filter);
    return this.filters().length === 0;
  }

  private filters(): FwFilter[] {
    return this.head?.buckets.flat() ?? [];
  }

  /** fw_walk() — of the old method it stops the whole dump, which says "Buffer too small for object" (quirk 68). */
  handles(): readonly number[] {
    if (this.head === null) throw new KernelError(Errno.EMSGSIZE);
    return this.filters().map(({ id }) => id);
  }

  /** fw_dump() */
  dump(handle: number, w: AttrWriter): void {
    const filter = this.find(handle);
    if (filter === null || (filter.classid === 0 && filter.actions.instances.length === 0)) return;
    const { classid, ifindex, actions } = filter;
    const mask = this.head?.mask ?? ALL_BITS;
    w.nest(TCA_OPTIONS, () => {
      if (classid !== 0) w.put(TCA_FW.classid, classid);
      if (ifindex !== 0) w.put(TCA_FW.indev, this.host.world.device(ifindex) ?? '');
      if (mask !== ALL_BITS) w.put(TCA_FW.mask, mask);
      actions.dump(w, TCA_FW.act[0], TCA_FW.police[0]);
    });
    actions.dumpStats(w);
  }

  facts(): FilterFacts[] {
    return this.filters().map(({ id, classid, ifindex, actions }) => {
      const tests = [fieldTest('mark', id, this.head?.mask), ...indevTests(ifindex)];
      return { handle: id, classid: classid || null, takesAll: false, tests, actions };
    });
  }

  survey(): Survey[] {
    return this.filters().map(({ actions }) => surveyOf(actions));
  }

  destroy(): void {
    for (const filter of this.filters()) letGo(this.host, filter);
    this.head = null;
  }
}
