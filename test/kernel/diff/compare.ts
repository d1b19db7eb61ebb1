import { createEnv, createPacket, type Env } from '../../../src/env.ts';
import type { Era } from '../../../src/era.ts';
import { KernelError, UsageError } from '../../../src/errors.ts';
import { parseProtocol } from '../../../src/lang/index.ts';
import { FlowKeys, type Packet } from '../../../src/packet/index.ts';
import { Chain, type ChainResult } from '../../../src/sched/chain/index.ts';
import { FlowClassifier, Key, NEEDS_DISSECT, parseFlowOptions } from '../../../src/sched/flow/index.ts';
import { applyContext } from '../../golden/context.ts';
import { type Answer, type Classified, HOOKS, type Hook, OWNERS, refusals, type SentFrame, type TriedFilter } from '../classify.ts';
import type { KernelPacket } from '../sk-buff.ts';

/** One (packet, filter) on which the kernel and we do not agree; null: the filter was not asked. */
export interface Difference {
  readonly frame: number;
  readonly filter: number;
  readonly kernel: number | null;
  readonly ours: number | null;
  readonly hashrnd: number;
}

export interface Comparison {
  /** (packet, filter) pairs compared: the filter was asked, or rightly not. */
  readonly pairs: number;
  /** Pairs that rest on a number which the kernel draws while it dissects. */
  readonly drawn: number;
  /** Frames that the kernel dropped before any filter. */
  readonly dropped: number;
  /** Filters that the kernel and we both refused. */
  readonly refused: number;
  readonly differences: readonly Difference[];
  /** Filters refused by one of the two only. */
  readonly verdicts: readonly { readonly filter: number; readonly kernel: string | null; readonly ours: string | null }[];
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
  const result = { pairs: 0, drawn: 0, dropped: 0, refused: refusedByKernel.size, differences: [] as Difference[], verdicts };
  const p = createPacket(env);
  const flow = new FlowKeys();
  frames.forEach((frame, number) => {
    const packet = theirs.packets[number] ?? null;
    if (packet === null) {
      result.dropped++;
      return;
    }
    fill(p, frame, packet, flow, env);
    const answers = new Map((theirs.answers[number] ?? []).map((answer) => [answer.filter, answer]));
    standing.forEach((asked, filter) => {
      if (asked === null) return;
      if (flow.drawn && (asked.keymask & (NEEDS_DISSECT | (1 << Key.RXHASH))) !== 0) {
        result.drawn++;
        return;
      }
      result.pairs++;
      const answer = answers.get(filter);
      const kernel = answer?.classid ?? null;
      const mine = asked.classOf(p, answer);
      p.hash = packet.hash;
      if (kernel !== mine) {
        result.differences.push({ frame: number, filter, kernel, ours: mine, hashrnd: answer?.hashrnd ?? 0 });
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
  if (packet.pointers.sk !== 0n) [p.skUid, p.skGid] = OWNERS[frame.owner] ?? [0, 0];
  env.era.dissect(p, flow);
}

/** The frame as the kernel holds it once its outermost tag has moved to metadata. */
function withoutTag(frame: Uint8Array): Uint8Array {
  return Buffer.concat([frame.subarray(0, TYPE_AT), frame.subarray(TYPE_AT + VLAN_HEADER)]);
}

/** A filter as we would ask it, or why we refuse it. */
function attempt(filter: TriedFilter, hook: Hook, env: Env): { asked: Asked | null; refused: string | null } {
  try {
    return { asked: new Asked(filter, hook, env), refused: null };
  } catch (error) {
    if (error instanceof KernelError || error instanceof UsageError) return { asked: null, refused: error.message };
    throw error;
  }
}

/** One of our filters, alone in a chain; built again when the kernel's has drawn a new seed. */
class Asked {
  readonly keymask: number;
  private chain: Chain;
  private hashrnd = 0;
  private readonly result: ChainResult = { classid: 0, handle: 0, pref: 0 };
  private readonly build: (hashrnd: number) => { chain: Chain; keymask: number };

  constructor(filter: TriedFilter, hook: Hook, env: Env) {
    const protocol = parseProtocol(filter.protocol);
    if (protocol === null) throw new Error(`unknown protocol ${filter.protocol}`);
    const options = parseFlowOptions(filter.options);
    this.build = (hashrnd) => {
      const classifier = new FlowClassifier(env);
      const place = { env, qdisc: HOOKS[hook].handle, sharedBlock: false, userNamespace: false, build: accept, stream: 1, hashrnd };
      const { keymask } = classifier.change(1, options, place);
      const chain = new Chain();
      chain.add({ pref: 1, protocol, classifier });
      return { chain, keymask };
    };
    const { chain, keymask } = this.build(0);
    this.chain = chain;
    this.keymask = keymask;
  }

  classOf(p: Packet, answer: Answer | undefined): number | null {
    if (answer !== undefined && answer.hashrnd !== this.hashrnd) {
      this.hashrnd = answer.hashrnd;
      this.chain = this.build(answer.hashrnd).chain;
    }
    return this.chain.classify(p, this.result) < 0 ? null : this.result.classid;
  }
}

const accept = () => ({ match: () => true, act: () => 0 });
