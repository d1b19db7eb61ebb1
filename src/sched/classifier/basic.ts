import { Errno, KernelError } from '../../errors.ts';
import type { Printer, Words } from '../../lang/index.ts';
import { type AttrWriter, atMost, type Decoded, decode, nest, table, u32 } from '../../netlink/index.ts';
import type { Packet } from '../../packet/index.ts';
import { classidText } from '../../u32.ts';
import { UNSPEC, type Verdict } from '../../verdict.ts';
import { type Bound, LowestFree } from '../action/index.ts';
import { takePart } from '../flow/index.ts';
import type { Result, Talk } from '../notation.ts';
import { flowParts } from './flow.ts';
import {
  type BuiltMatch,
  bindClassid,
  buildMatch,
  type FilterChange,
  type FilterFacts,
  type Host,
  type KernelClassifier,
  type Kind,
  letGo,
  matchTests,
  type Survey,
  surveyWith,
  TCA_OPTIONS,
  withActions,
} from './kind.ts';
import { numericHandle, takeClassid, unknownWord } from './words.ts';

/** include/uapi/linux/pkt_cls.h: TCA_BASIC_* */
const TCA_BASIC = {
  classid: [1, u32],
  ematches: [2, nest],
  act: [3, nest],
  police: [4, nest],
  pcnt: [5, atMost(0xffff)],
} as const;
const BASIC = table(TCA_BASIC);
type BasicOptions = Decoded<typeof TCA_BASIC>;

/** tc/f_basic.c: basic_filter_util; net/sched/cls_basic.c: cls_basic_ops */
export const basic: Kind = {
  kind: 'basic',
  speak,
  print: (handle, options, out, talk) => print(handle, decode(BASIC, options), out, talk),
  create: (host) => new BasicFilters(host),
};

/** basic_parse_opt() */
function speak(handle: string | null, words: Words, w: AttrWriter, talk: Talk): number {
  const number = numericHandle(handle);
  if (words.done) return number;
  w.nest(TCA_OPTIONS, () => {
    while (!words.done) speakOption(words, w, talk);
  });
  return number;
}

function speakOption(words: Words, w: AttrWriter, talk: Talk): void {
  const word = words.next();
  const parts = flowParts(talk);
  if (words.was('match')) takePart(words, w, TCA_BASIC.ematches[0], parts.match);
  else if (words.was('classid') || words.wasExactly('flowid')) w.put(TCA_BASIC.classid, takeClassid(words));
  else if (words.was('action')) takePart(words, w, TCA_BASIC.act[0], parts.action);
  else if (words.was('police')) takePart(words, w, TCA_BASIC.police[0], parts.police);
  else throw unknownWord(words, word, USAGE);
}

const USAGE = 'Usage: ... basic [ match EMATCHES ] [ classid CLASSID ] [ action ... | police ... ]';

/** basic_print_opt() */
function print(handle: number, o: BasicOptions, out: Printer, talk: Talk): void {
  const parts = flowParts(talk);
  if (handle !== 0) out.put('handle', handle.toString(16), `handle 0x${handle.toString(16)} `);
  if (o.classid !== undefined) out.put('flowid', classidText(o.classid), `flowid ${classidText(o.classid)} `);
  if (o.ematches !== undefined) parts.match.print(o.ematches, out);
  if (o.police !== undefined) {
    out.text('\n');
    parts.police.print(o.police, out);
  }
  if (o.act !== undefined) parts.action.print(o.act, out);
}

/** tcf_em_tree_dump() of no ematches: a header that counts none, and an empty list. */
const EMPTY_TREE = Uint8Array.of(8, 0, 1, 0, 0, 0, 0, 0, 4, 0, 2, 0);

/** struct basic_filter */
interface BasicFilter {
  readonly handle: number;
  readonly classid: number;
  readonly match: BuiltMatch;
  readonly actions: Bound;
  readonly unbind: () => void;
  /** struct tc_basic_pcnt: packets that it was asked about, and those that its ematches wanted. */
  readonly hits: { rcnt: number; rhit: number };
}

/** net/sched/cls_basic.c as a tcf_proto. */
class BasicFilters implements KernelClassifier {
  readonly flow = null;
  private readonly host: Host;
  /** Latest first: that is the order in which they are asked. */
  private readonly filters: BasicFilter[] = [];
  private readonly byHandle = new Map<number, BasicFilter>();
  private readonly free = new LowestFree();

  constructor(host: Host) {
    this.host = host;
  }

  /** basic_classify() */
  classify(p: Packet, result: Result): Verdict {
    for (const { handle, classid, match, actions, hits } of this.filters) {
      hits.rcnt++;
      if (!match.match(p)) continue;
      hits.rhit++;
      result.classid = classid;
      result.handle = handle;
      const verdict = actions.act(p, result);
      if (verdict >= 0) return verdict;
    }
    return UNSPEC;
  }

  has(handle: number): boolean {
    return this.find(handle) !== null;
  }

  private find(handle: number): BasicFilter | null {
    return this.byHandle.get(handle) ?? null;
  }

  /** basic_change() — what a change does not mention is gone. */
  change(handle: number, request: FilterChange): number {
    if (request.options === null) throw new KernelError(Errno.EINVAL);
    const o = decode(BASIC, request.options);
    const old = this.find(handle);
    const filter = this.settle(handle || this.free.take((one) => this.byHandle.has(one)), o, request);
    this.byHandle.set(filter.handle, filter);
    if (old === null) this.filters.unshift(filter);
    else {
      this.filters.splice(this.filters.indexOf(old), 1, filter);
      letGo(this.host, old);
    }
    return filter.handle;
  }

  /** basic_set_parms() */
  private settle(handle: number, o: BasicOptions, request: FilterChange): BasicFilter {
    return withActions(this.host, request, { act: o.act, police: o.police }, (actions) => {
      const match = buildMatch(o.ematches, this.host);
      const unbind = bindClassid(this.host, o.classid);
      return { handle, classid: o.classid ?? 0, match, actions, unbind, hits: { rcnt: 0, rhit: 0 } };
    });
  }

  /** basic_delete() */
  delete(handle: number): boolean {
    const filter = this.find(handle);
    if (filter !== null) {
      this.filters.splice(this.filters.indexOf(filter), 1);
      this.byHandle.delete(handle);
      this.free.release(handle);
      letGo(this.host, filter);
    }
    return this.filters.length === 0;
  }

  handles(): readonly number[] {
    return this.filters.map(({ handle }) => handle);
  }

  /** basic_dump() */
  dump(handle: number, w: AttrWriter): void {
    const filter = this.find(handle);
    if (filter === null) return;
    const { classid, match, actions, hits } = filter;
    w.nest(TCA_OPTIONS, () => {
      if (classid !== 0) w.put(TCA_BASIC.classid, classid);
      w.nest(TCA_BASIC.pcnt[0], () => {
        w.u64(BigInt(hits.rcnt));
        w.u64(BigInt(hits.rhit));
      });
      actions.dump(w, TCA_BASIC.act[0], TCA_BASIC.police[0]);
      w.put(TCA_BASIC.ematches, match.payload ?? EMPTY_TREE);
    });
    actions.dumpStats(w);
  }

  facts(): FilterFacts[] {
    return this.filters.map(({ handle, classid, match, actions }) => {
      const takesAll = match.payload === null && !actions.goesOn;
      return { handle, classid: classid || null, takesAll, tests: matchTests(match.payload), actions };
    });
  }

  survey(): Survey[] {
    return this.filters.map(({ match, actions }) => surveyWith(match.scope, actions));
  }

  destroy(): void {
    for (const filter of this.filters.splice(0)) letGo(this.host, filter);
    this.byHandle.clear();
  }
}
