import { Errno, KernelError } from '../../errors.ts';
import type { Printer, Words } from '../../lang/index.ts';
import { type AttrWriter, atMost, type Decoded, decode, nest, table, u32 } from '../../netlink/index.ts';
import type { Packet } from '../../packet/index.ts';
import { classidText } from '../../u32.ts';
import { UNSPEC, type Verdict } from '../../verdict.ts';
import type { Bound } from '../action/index.ts';
import { takePart } from '../flow/index.ts';
import type { Result, Talk } from '../notation.ts';
import { flowParts } from './flow.ts';
import {
  bindClassid,
  ClsFlag,
  type FilterChange,
  type FilterFacts,
  flagsValid,
  type Host,
  type KernelClassifier,
  type Kind,
  letGo,
  offload,
  type Survey,
  surveyOf,
  TCA_OPTIONS,
  withActions,
} from './kind.ts';
import { checkSkips, numericHandle, printPlaces, takeClassid, unknownWord } from './words.ts';

/** include/uapi/linux/pkt_cls.h: TCA_MATCHALL_* */
const TCA_MATCHALL = { classid: [1, u32], act: [2, nest], flags: [3, u32], pcnt: [4, atMost(0xffff)] } as const;
const MATCHALL = table(TCA_MATCHALL);
type MatchallOptions = Decoded<typeof TCA_MATCHALL>;

/** tc/f_matchall.c: matchall_filter_util; net/sched/cls_matchall.c: cls_mall_ops */
export const matchall: Kind = {
  kind: 'matchall',
  speak,
  print: (handle, options, out, talk) => print(handle, decode(MATCHALL, options), out, talk),
  create: (host) => new MatchallFilter(host),
};

/** matchall_parse_opt() */
function speak(handle: string | null, words: Words, w: AttrWriter, talk: Talk): number {
  const number = numericHandle(handle);
  if (words.done) return number;
  let flags = 0;
  w.nest(TCA_OPTIONS, () => {
    while (!words.done) flags |= speakOption(words, w, talk);
    checkSkips(words, flags);
    if (flags !== 0) w.put(TCA_MATCHALL.flags, flags);
  });
  return number;
}

/** One option; the flag that it sets. */
function speakOption(words: Words, w: AttrWriter, talk: Talk): number {
  const word = words.next();
  if (words.was('classid') || words.wasExactly('flowid')) w.put(TCA_MATCHALL.classid, takeClassid(words));
  else if (words.was('action')) takePart(words, w, TCA_MATCHALL.act[0], flowParts(talk).action);
  else if (words.wasExactly('skip_hw') || words.wasExactly('skip_sw')) {
    // tc insists on a word behind these (quirk 67).
    words.need();
    return words.wasExactly('skip_hw') ? ClsFlag.SKIP_HW : ClsFlag.SKIP_SW;
  } else throw unknownWord(words, word, USAGE);
  return 0;
}

const USAGE = 'Usage: ... matchall [ skip_sw | skip_hw ] [ classid CLASSID ] [ action ... ]';

/** matchall_print_opt() */
function print(handle: number, o: MatchallOptions, out: Printer, talk: Talk): void {
  if (handle !== 0) out.put('handle', handle, `handle 0x${handle.toString(16)} `);
  if (o.classid !== undefined) out.put('flowid', classidText(o.classid), `flowid ${classidText(o.classid)} `);
  printPlaces(o.flags ?? 0, out, (name) => `\n  ${name}`);
  if (talk.show.stats && o.pcnt !== undefined && o.pcnt.length >= 8) {
    const hits = new DataView(o.pcnt.buffer, o.pcnt.byteOffset).getBigUint64(0, true);
    out.put('rule_hit', hits, ` (rule hit ${hits})`);
  }
  if (o.act !== undefined) flowParts(talk).action.print(o.act, out);
}

/** struct cls_mall_head */
interface Head {
  readonly handle: number;
  readonly classid: number;
  readonly flags: number;
  readonly actions: Bound;
  readonly unbind: () => void;
  /** struct tc_matchall_pcnt */
  rhit: number;
}

/** net/sched/cls_matchall.c as a tcf_proto: at most one filter, which cannot be changed. */
class MatchallFilter implements KernelClassifier {
  readonly flow = null;
  private readonly host: Host;
  private head: Head | null = null;

  constructor(host: Host) {
    this.host = host;
  }

  /** mall_classify() */
  classify(p: Packet, result: Result): Verdict {
    const { head } = this;
    if (head === null || (head.flags & ClsFlag.SKIP_SW) !== 0) return UNSPEC;
    result.classid = head.classid;
    result.handle = head.handle;
    head.rhit++;
    return head.actions.act(p, result);
  }

  has(handle: number): boolean {
    return this.head !== null && this.head.handle === handle;
  }

  /** mall_change() */
  change(handle: number, request: FilterChange): number {
    if (request.options === null) throw new KernelError(Errno.EINVAL);
    if (this.head !== null) throw new KernelError(Errno.EEXIST, '', 'filter-exists', 'handle');
    const o = decode(MATCHALL, request.options);
    const flags = o.flags ?? 0;
    if (!flagsValid(flags)) throw new KernelError(Errno.EINVAL);
    this.head = withActions(this.host, request, { act: o.act }, (actions) => {
      const settled = { handle: handle || 1, classid: o.classid ?? 0, flags: offload(flags) };
      return { ...settled, actions, unbind: bindClassid(this.host, o.classid), rhit: 0 };
    });
    return this.head.handle;
  }

  /** mall_delete(): always the last. */
  delete(_handle: number): boolean {
    this.destroy();
    return true;
  }

  handles(): readonly number[] {
    return this.head === null ? [] : [this.head.handle];
  }

  /** mall_dump() */
  dump(_handle: number, w: AttrWriter): void {
    if (this.head === null) return;
    const { classid, flags, actions, rhit } = this.head;
    w.nest(TCA_OPTIONS, () => {
      if (classid !== 0) w.put(TCA_MATCHALL.classid, classid);
      if (flags !== 0) w.put(TCA_MATCHALL.flags, flags);
      w.nest(TCA_MATCHALL.pcnt[0], () => w.u64(BigInt(rhit)));
      actions.dump(w, TCA_MATCHALL.act[0], 0);
    });
    actions.dumpStats(w);
  }

  facts(): FilterFacts[] {
    if (this.head === null) return [];
    const { handle, classid, flags, actions } = this.head;
    const takesAll = (flags & ClsFlag.SKIP_SW) === 0 && !actions.goesOn;
    return [{ handle, classid: classid || null, takesAll, tests: [], actions }];
  }

  survey(): Survey[] {
    return this.head === null ? [] : [surveyOf(this.head.actions)];
  }

  destroy(): void {
    if (this.head === null) return;
    letGo(this.host, this.head);
    this.head = null;
  }
}
