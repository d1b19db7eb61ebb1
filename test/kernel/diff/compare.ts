import { Frame } from '../../../src/capture/index.ts';
import { createEnv, createPacket, type Env } from '../../../src/env.ts';
import type { Era } from '../../../src/era.ts';
import { KernelError, UsageError } from '../../../src/errors.ts';
import { parseProtocol } from '../../../src/lang/index.ts';
import { ETH_P_ALL, enter, FlowKeys, outerProtocol, type Packet } from '../../../src/packet/index.ts';
import { compileMatch, matchPart } from '../../../src/sched/ematch/index.ts';
import {
  FlowClassifier,
  type FlowOptions,
  flowPayload,
  Key,
  NEEDS_DISSECT,
  NO_PARTS,
  readFlowOptions,
} from '../../../src/sched/flow/index.ts';
import type { World } from '../../../src/sched/notation.ts';
import { applyContext, type Context } from '../../golden/context.ts';
import { type Classified, HOOKS, type Hook, OWNERS, refusals, type SentFrame, type TriedFilter } from '../classify.ts';
import type { KernelPacket } from '../sk-buff.ts';

/** One (packet, filter) on which the kernel and we do not agree; null: the filter was not asked. */
export interface Difference {
  readonly frame: number;
  readonly filter: number;
  readonly kernel: number | null;
  readonly ours: number | null;
  readonly hashrnd: number;
  /** The class that the filter before it had left. */
  readonly before: number;
}

export interface Misplaced {
  readonly frame: number;
  readonly what: string;
  readonly context: Context | null;
}

export interface Comparison {
  /** (packet, filter) pairs compared: the filter was asked, or rightly not. */
  readonly pairs: number;
  /** Those of them that the kernel's filter was asked. */
  readonly asked: number;
  /** Pairs that rest on what no one can know: see unknowable(). */
  readonly unknowable: number;
  /** Frames that the kernel dropped before any filter. */
  readonly dropped: number;
  /** Filters that the kernel and we both refused. */
  readonly refused: number;
  readonly differences: readonly Difference[];
  /** Frames that src/packet/link.ts places otherwise than the kernel did. */
  readonly misplaced: readonly Misplaced[];
  /** Filters refused by one of the two only. */
  readonly verdicts: readonly {
    readonly filter: number;
    readonly kernel: string | null;
    readonly ours: string | null;
  }[];
}

const VLAN_HEADER = 4;
const TYPE_AT = 12;

/** What we say of everything that the kernel was asked. */
export function compare(
  era: Era,
  hook: Hook,
  filters: readonly TriedFilter[],
  frames: readonly SentFrame[],
  theirs: Classified,
): Comparison {
  const env = createEnv({ era, seed: 0, rxhashKey: theirs.rxhashKey, foldKey: theirs.foldKey });
  const refusedByKernel = refusals(theirs.said);
  const ours = filters.map((filter) => attempt(filter, hook, env));
  const verdicts = ours.flatMap(({ refused }, filter) => {
    const kernel = refusedByKernel.get(filter) ?? null;
    return (kernel === null) === (refused === null) ? [] : [{ filter, kernel, ours: refused }];
  });
  const standing = ours.map(({ asked, refused }, i) => (refused === null && !refusedByKernel.has(i) ? asked : null));
  const result = {
    pairs: 0,
    asked: 0,
    unknowable: 0,
    dropped: 0,
    refused: refusedByKernel.size,
    differences: [] as Difference[],
    misplaced: [] as Misplaced[],
    verdicts,
  };
  const p = createPacket(env);
  const flow = new FlowKeys();
  frames.forEach((frame, number) => {
    const packet = theirs.packets[number] ?? null;
    const what = misplacement(frame.bytes, packet?.context ?? null, hook, p);
    if (what !== null) result.misplaced.push({ frame: number, what, context: packet?.context ?? null });
    if (packet === null) {
      result.dropped++;
      return;
    }
    fill(p, frame, packet, flow, env);
    const unknown = unknowable(p, flow);
    // What the first filter of all, the bench's own, has left: map key mark.
    let before = (HOOKS[hook].handle | ((1 + frame.mark) & 0xffff)) >>> 0;
    const answers = new Map((theirs.answers[number] ?? []).map((answer) => [answer.filter, answer]));
    standing.forEach((asked, filter) => {
      if (asked === null) return;
      const answer = answers.get(filter);
      const left = before;
      before = answer?.classid ?? before;
      if ((asked.keymask & unknown) !== 0) {
        result.unknowable++;
        return;
      }
      result.pairs++;
      if (answer !== undefined) result.asked++;
      const kernel = answer?.classid ?? null;
      const mine = asked.classOf(p, answer?.hashrnd ?? 0, left);
      p.hash = packet.hash;
      if (kernel !== mine) {
        result.differences.push({
          frame: number,
          filter,
          kernel,
          ours: mine,
          hashrnd: answer?.hashrnd ?? 0,
          before: left,
        });
      }
    });
  });
  return result;
}

/** Makes `p` the packet that the kernel had; `flow` tells afterwards whether a drawn number is in its keys. */
export function fill(p: Packet, frame: SentFrame, packet: KernelPacket, flow: FlowKeys, env: Env): void {
  const data = packet.context.vlanTag === null ? frame.bytes : withoutTag(frame.bytes);
  applyContext(p, packet.context, data, packet.dataAt);
  p.hash = packet.hash;
  p.macLen = packet.macLen;
  p.pktType = packet.pktType;
  if (packet.pointers.sk !== 0n) [p.skUid, p.skGid] = OWNERS[frame.owner] ?? [0, 0];
  env.era.dissect(p, flow);
}

/**
 * The keys whose value no one can know: those that rest on a number drawn while dissecting (TIPC keep-alives), and the
 * tag that __vlan_get_tag() reads from data + 12 without asking whether the packet is that long.
 */
export function unknowable(p: Packet, flow: FlowKeys): number {
  const drawn = flow.drawn ? NEEDS_DISSECT | (1 << Key.RXHASH) : 0;
  if (p.at + TAG_END <= p.end) return drawn;
  return drawn | (p.vlanOffload ? 0 : 1 << Key.VLAN_TAG) | (p.vlanTci < 0 ? META_VLAN : 0);
}

const TAG_END = 16;
/** A bit that no key has: the tag as meta(vlan) reads it, from metadata if there is one, whatever the device. */
const META_VLAN = 1 << 30;

/** What enter() makes of the frame otherwise than the kernel, as far as the keys depend on it; null: nothing. */
export function misplacement(frame: Uint8Array, context: Context | null, hook: Hook, p: Packet): string | null {
  const captured = new Frame();
  Object.assign(captured, { data: frame, end: frame.length, length: frame.length, linkType: ETHERNET });
  const reason = enter(captured, p, { hook: hook.endsWith('ingress') ? 'ingress' : 'egress', vlan: 'inband' });
  if (context === null || reason !== null) {
    if (context === null && reason !== null) return null;
    return context === null ? 'dropped by the kernel, not by us' : `dropped by us (${reason}), not by the kernel`;
  }
  const theirs = [context.protocol, context.len, context.networkOffset, context.vlanTag?.proto, context.vlanTag?.tci];
  const ours = [
    hex(p.protocol),
    p.len,
    p.network - p.at,
    ...(p.vlanTci < 0 ? [undefined, undefined] : [hex(p.vlanProto), p.vlanTci]),
  ];
  const names = ['protocol', 'len', 'networkOffset', 'vlan proto', 'vlan tci'];
  const differing = names.flatMap((name, i) =>
    ours[i] === theirs[i] ? [] : [`${name} ${ours[i]}, kernel ${theirs[i]}`],
  );
  return differing.length === 0 ? null : differing.join('; ');
}

const ETHERNET = 1;
const hex = (value: number): string => `0x${value.toString(16).padStart(4, '0')}`;

/** The frame as the kernel holds it once its outermost tag has moved to metadata. */
function withoutTag(frame: Uint8Array): Uint8Array {
  return Buffer.concat([frame.subarray(0, TYPE_AT), frame.subarray(TYPE_AT + VLAN_HEADER)]);
}

/** A filter as we would ask it, or why we refuse it. */
export function attempt(
  filter: TriedFilter,
  hook: Hook,
  env: Env,
): { asked: AskedFilter | null; refused: string | null } {
  try {
    return { asked: new AskedFilter(filter, hook, env), refused: null };
  } catch (error) {
    if (error instanceof KernelError || error instanceof UsageError) return { asked: null, refused: error.message };
    throw error;
  }
}

/** One of our filters; built again when the kernel's has drawn a new seed. */
export class AskedFilter {
  /** Keys that its answer rests on, and META_VLAN if its ematches ask for a tag. */
  readonly keymask: number;
  private classifier: FlowClassifier;
  private hashrnd = 0;
  private readonly protocol: number;
  private readonly result = { classid: 0, handle: 0 };
  private readonly build: (hashrnd: number) => { classifier: FlowClassifier; keymask: number };

  constructor(filter: TriedFilter, hook: Hook, env: Env) {
    const protocol = parseProtocol(filter.protocol);
    if (protocol === null) throw new Error(`unknown protocol ${filter.protocol}`);
    const payload = flowPayload(filter.options, { ...NO_PARTS, match: matchPart(NOWHERE) });
    const options = readFlowOptions(payload, env.era.rshiftChecked);
    const place = {
      env,
      qdisc: HOOKS[hook].handle,
      sharedBlock: false,
      userNamespace: false,
      build: parts(env),
      stream: 1,
    };
    this.protocol = protocol;
    this.build = (hashrnd) => {
      const classifier = new FlowClassifier(env);
      const { keymask } = classifier.change(1, options, { ...place, hashrnd });
      return { classifier, keymask };
    };
    const { classifier, keymask } = this.build(0);
    this.classifier = classifier;
    this.keymask = keymask | (/\bvlan\b/.test(filter.options) ? META_VLAN : 0);
  }

  /**
   * The class under a seed; null: the filter is not asked about such a packet. Where its ematches say no, the class is
   * what the filter before it has left: `before`.
   */
  classOf(p: Packet, hashrnd: number, before: number): number | null {
    if (this.protocol !== ETH_P_ALL && this.protocol !== outerProtocol(p)) return null;
    if (hashrnd !== this.hashrnd) {
      this.hashrnd = hashrnd;
      this.classifier = this.build(hashrnd).classifier;
    }
    this.result.classid = before;
    this.classifier.classify(p, this.result);
    return this.result.classid;
  }
}

const NOWHERE: World = { device: () => null, set: () => null, action: () => null };

/** Ematches as they are; actions are the bench's own. */
function parts(env: Env) {
  return ({ ematches }: FlowOptions) => ({
    match: ematches === undefined ? () => true : compileMatch(ematches, NOWHERE, env).match,
    act: () => 0,
  });
}
