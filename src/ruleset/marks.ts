import { type Tracker, Tuple } from '../conntrack/index.ts';
import {
  type BaseChain,
  type Chains,
  chainsOf,
  emptiesAll,
  type NetfilterCommand,
  setLinesOf,
  type Target,
} from '../netfilter/index.ts';
import { Input, type Packet } from '../packet/index.ts';
import { addressesOf } from './addresses.ts';
import { type AskedSet, Asking } from './asking.ts';
import { type Chain, Compiler, type MarkRule, type SetOf } from './compile.ts';
import { natRulesOf } from './nat.ts';

/** One write of a rule to a packet, or to its connection. */
export interface MarkStep extends MarkRule {
  /** null: the rule is not evaluated, and leaves the mark open. */
  readonly wrote: Target | null;
  /** What it is from then on: a number of 32 bits. */
  readonly value: number;
}

/** A chain that packets go through where it hooks in. */
interface Hooked {
  readonly base: BaseChain;
  readonly chain: Chain;
}

/** The hooks on the way of a packet that is passed on, and of one that is made here. */
const FORWARDED: readonly BaseChain['hook'][] = ['prerouting', 'forward', 'postrouting'];
const LOCAL: readonly BaseChain['hook'][] = ['output', 'postrouting'];

/**
 * The rules of a script that write marks, evaluated on packets before these come to the egress hook: all chains of
 * iptables and nft in which a rule may write a mark or a class, in the order in which the kernel asks them.
 *
 * A packet is one that the router passes on, unless it comes from one of the addresses that the script gives the router.
 * Addresses are those before NAT in PREROUTING; from then on the destination is the translated one, and the source that
 * before. What comes of it is known where the script leaves nobody else's rules (it empties all tables first), and where
 * nothing was asked that is not known; else the mark is assumed, and `undecided` counts the packets by the rule. A packet
 * that a rule drops is in the capture all the same: its mark is assumed.
 */
export class Marks {
  /** All rules, by their number. */
  readonly rules: readonly MarkRule[];
  /** Packets whose mark a rule did not decide, by the rule that came first. */
  readonly undecided: Int32Array;
  /** The rules ask for connections, or write their marks. */
  readonly tracks: boolean;
  /** Nobody else's rules are left. */
  readonly isComplete: boolean;
  /** Called with each write. */
  listener: ((step: MarkStep) => void) | null = null;
  private readonly writesConnection: boolean;
  private readonly forwarded: readonly Hooked[];
  private readonly local: readonly Hooked[];
  private readonly asking: Asking;
  private readonly before = new Tuple();
  private readonly after = new Tuple();

  constructor(commands: readonly NetfilterCommand[], makeSet: MakeSet) {
    const chains = chainsOf(commands);
    this.asking = new Asking(addressesOf(commands), natRulesOf(commands).length > 0);
    const compiler = new Compiler(chains, this.asking, setsBy(commands, chains, makeSet));
    const hooked = hookedChains(chains, compiler);
    this.forwarded = hooked.filter(({ base }) => FORWARDED.includes(base.hook) || base.hook === 'other');
    this.local = hooked.filter(({ base }) => LOCAL.includes(base.hook) || base.hook === 'other');
    this.rules = compiler.rules;
    this.undecided = new Int32Array(this.rules.length);
    this.tracks = compiler.tracks || this.asking.hasNat;
    this.writesConnection = compiler.writesConnection;
    this.isComplete = emptiesAll(commands);
    this.asking.wrote = this.wrote;
  }

  /** No rule writes a mark: nothing changes for any packet. */
  get isEmpty(): boolean {
    return this.forwarded.length + this.local.length === 0;
  }

  /**
   * Gives a packet that was tracked its mark, its class, and its connection its mark. `device`: the one that it leaves by;
   * null: not known. `incoming`: the one that it came in by; null: its address tells it. What the capture itself says of marks stays.
   */
  run(p: Packet, tracker: Tracker, device: string | null, incoming: string | null = null): void {
    const { asking, before, after } = this;
    if (p.ct !== null) tracker.across(before, after);
    else if (!tracker.read(p, before)) return;
    asking.begin(p, before, after, tracker, device, incoming);
    for (const hooked of asking.isLocal ? this.local : this.forwarded) this.ask(hooked);
    this.settle(p, tracker);
  }

  private ask({ base, chain }: Hooked): void {
    const { asking } = this;
    if (base.family !== 'both' && base.family !== (asking.family === 4 ? 'ip' : 'ip6')) return;
    if (base.isNat && !asking.isNew) return;
    asking.enter(base);
    chain.run();
  }

  /** What is known of the marks goes to the packet and to its connection. */
  private settle(p: Packet, tracker: Tracker): void {
    const { asking, isComplete } = this;
    if (asking.doubt >= 0) this.undecided[asking.doubt] = (this.undecided[asking.doubt] ?? 0) + 1;
    const isWhole = !asking.isUnsure;
    const isSure = isComplete && isWhole;
    if ((p.given & Input.MARK) === 0) {
      p.mark = asking.mark;
      if (isSure && asking.known === -1) p.given |= Input.MARK;
    }
    if (asking.hasClass && (p.given & Input.PRIORITY) === 0) {
      p.priority = asking.class;
      if (isSure) p.given |= Input.PRIORITY;
    }
    if (p.ct === null) return;
    const isKnown = asking.connKnown === -1;
    if (asking.wroteConnection || (!isWhole && this.writesConnection))
      tracker.setMark(asking.connmark, isWhole && isKnown);
    p.ct.mark = asking.connmark;
    p.ct.knowsMark ||= isSure && isKnown;
  }

  private readonly wrote = (rule: number, wrote: Target | null, value: number): void => {
    const told = this.rules[rule];
    if (this.listener !== null && told !== undefined) this.listener({ ...told, wrote, value: value >>> 0 });
  };
}

/**
 * Makes a set. `name`: that of ipset, null: it is one of nft; `lines`: as `ipset save` prints it, or elements alone; null: the
 * script does not make it. null: it cannot be made.
 */
export type MakeSet = (name: string | null, lines: readonly string[] | null) => AskedSet | null;

function setsBy(commands: readonly NetfilterCommand[], chains: Chains, makeSet: MakeSet): SetOf {
  const ofIpset = setLinesOf(commands);
  return (table, name) => {
    if (!table.startsWith('nft ')) return makeSet(name, ofIpset.get(name) ?? null);
    const elements = chains.elements(table, name);
    // Behind an element its time-out or a comment may stand.
    return (
      elements &&
      makeSet(
        null,
        elements.map((element) => element.split(' ')[0] ?? ''),
      )
    );
  };
}

/** The chains that may write, in the order in which packets come to them. */
function hookedChains(chains: Chains, compiler: Compiler): readonly Hooked[] {
  return chains.bases.flatMap((base) => {
    const chain = compiler.chain(base);
    return chain === null ? [] : [{ base, chain }];
  });
}
