import { CtState } from '../conntrack/index.ts';
import type { Asked, BaseChain, Chains, Done, ReadRule, RulePlace, Step } from '../netfilter/index.ts';
import type { AskedSet, Asking } from './asking.ts';

/** A rule, as a reader is told of it. */
export interface MarkRule {
  readonly place: RulePlace;
  readonly chain: string;
  /** As it was written, without its table and its chain. */
  readonly text: string;
}

/** The set that rules of a table call so; null: what is in it is not known. */
export type SetOf = (table: string, name: string) => AskedSet | null;

/** What comes of a part of a rule: the next part, the next rule, back to where it was jumped from, no rule more. */
const On = { PART: 0, RULE: 1, BACK: 2, END: 3 } as const;
type On = (typeof On)[keyof typeof On];

type Part = () => On;

/** The parts of a rule, made for one Asking. */
interface Rule {
  readonly number: number;
  readonly parts: readonly Part[];
}

/** A chain that is ready to be asked. */
export class Chain {
  readonly rules: Rule[] = [];
  /** A rule in it, or in a chain that it jumps to, may write. */
  writes = false;
  private readonly asking: Asking;

  constructor(asking: Asking) {
    this.asking = asking;
  }

  run(): On {
    const { rules, asking } = this;
    for (let i = 0; i < rules.length; i++) {
      const rule = rules[i];
      if (rule === undefined) continue;
      const { number, parts } = rule;
      for (let j = 0; j < parts.length; j++) {
        // A chain that was jumped to has rules of its own.
        asking.rule = number;
        const on = parts[j]?.() ?? On.RULE;
        if (on === On.RULE) break;
        if (on !== On.PART) return on;
      }
    }
    return On.RULE;
  }
}

const STATES: Readonly<Record<string, number>> = {
  ...{ new: CtState.NEW, established: CtState.ESTABLISHED, related: CtState.RELATED },
  ...{ invalid: CtState.INVALID, untracked: CtState.UNTRACKED },
};

/** Makes functions of rules: no word is read while packets go by. */
export class Compiler {
  readonly rules: MarkRule[] = [];
  /** A rule asks for connections, or writes their marks. */
  tracks = false;
  /** A rule may write the mark of a connection. */
  writesConnection = false;
  private readonly chains: Chains;
  private readonly asking: Asking;
  private readonly setOf: SetOf;
  private readonly made = new Map<string, Chain>();
  /** Chains on the way to the one that is made. */
  private readonly open = new Set<string>();
  private table = '';

  constructor(chains: Chains, asking: Asking, setOf: SetOf) {
    this.chains = chains;
    this.asking = asking;
    this.setOf = setOf;
  }

  /** null: no rule of it may write. */
  chain({ table, name, hook }: BaseChain): Chain | null {
    this.table = table;
    const chain = this.made.get(`${table} ${name}`) ?? this.make(name);
    if (chain === null || !chain.writes) return null;
    if (hook !== 'other') return chain;
    // Chains of bridges and devices: who comes to them is not known.
    const doubtful = new Chain(this.asking);
    doubtful.rules.push({ number: chain.rules[0]?.number ?? 0, parts: [this.unread] });
    return doubtful;
  }

  private make(name: string): Chain | null {
    const key = `${this.table} ${name}`;
    const rules = this.chains.rules(this.table, name);
    if (rules === null) return null;
    const chain = new Chain(this.asking);
    this.made.set(key, chain);
    this.open.add(key);
    for (const rule of rules) this.add(chain, rule, name);
    this.open.delete(key);
    return chain;
  }

  private add(chain: Chain, { steps, place, text }: ReadRule, name: string): void {
    const parts = unknownLast(steps).flatMap((step) => this.part(step, chain));
    // A rule that only counts or logs.
    if (steps.every((step) => 'not' in step)) return;
    chain.rules.push({ number: this.rules.length, parts });
    this.rules.push({ place, chain: name, text });
  }

  private part(step: Step, chain: Chain): Part[] {
    if (!('not' in step)) return [this.done(step, chain)];
    const test = this.test(step);
    return [() => (test() ? On.PART : On.RULE)];
  }

  private readonly unread: Part = () => {
    this.asking.inDoubt();
    return On.PART;
  };

  private done(step: Done, chain: Chain): Part {
    const { asking } = this;
    switch (step.kind) {
      case 'write':
        chain.writes = true;
        this.tracks ||= step.to === 'connmark' || step.from === 'connmark';
        this.writesConnection ||= step.to === 'connmark';
        return () => (asking.write(step) ? On.PART : On.RULE);
      case 'unread':
        chain.writes = this.writesConnection = true;
        return this.unread;
      case 'translate':
        return () => On.END;
      case 'accept':
        return () => On.END;
      case 'drop':
        return () => {
          // It is in the capture all the same.
          asking.inDoubt();
          return On.END;
        };
      case 'return':
        return () => On.BACK;
      case 'jump':
      case 'goto':
        return this.jump(step.chain, step.kind === 'goto', chain);
      case 'choice': {
        const ways = step.of.map((one) => ({
          tests: one.asked.map((asked) => this.test(asked)),
          done: this.done(one.done, chain),
        }));
        return () => {
          for (let i = 0; i < ways.length; i++) {
            const way = ways[i];
            if (way !== undefined && holds(way.tests)) return way.done();
          }
          return On.RULE;
        };
      }
    }
  }

  private jump(name: string, isGoto: boolean, from: Chain): Part {
    const key = `${this.table} ${name}`;
    const chain = this.open.has(key) ? null : (this.made.get(key) ?? this.make(name));
    if (chain === null) {
      // A target that is not known here, or a circle, which the kernel refuses.
      from.writes = true;
      return this.unread;
    }
    from.writes ||= chain.writes;
    const after = isGoto ? On.BACK : On.PART;
    return () => (chain.run() === On.END ? On.END : after);
  }

  /** Whether something holds of the packet. */
  private test(asked: Asked): () => boolean {
    const { asking } = this;
    const { not } = asked;
    switch (asked.kind) {
      case 'source':
      case 'destination': {
        const isSource = asked.kind === 'source';
        return () => asking.isIn(asked.prefixes, isSource) !== not;
      }
      case 'family':
        return () => asked.numbers.includes(asking.family) !== not;
      case 'protocol':
        return () => asked.numbers.some(asking.isProtocol, asking) !== not;
      case 'sport':
      case 'dport': {
        const isSource = asked.kind === 'sport';
        return () => asking.hasPort(asked.ranges, isSource) !== not;
      }
      case 'ports':
        return () => (asking.hasPort(asked.ranges, true) || asking.hasPort(asked.ranges, false)) !== not;
      case 'in':
      case 'out': {
        const isOut = asked.kind === 'out';
        return () => asking.isBy(asked, isOut);
      }
      case 'mark':
      case 'ctmark': {
        const isConnection = asked.kind === 'ctmark';
        this.tracks ||= isConnection;
        return () => asking.hasMark(asked.masked, isConnection) !== not;
      }
      case 'direction':
        this.tracks = true;
        return () => asking.goes(asked.isReply) !== not;
      case 'state':
        this.tracks = true;
        return this.stateTest(asked.states, not);
      case 'set':
        return this.setTest(asked.set, asked.fields, not);
      case 'unknown':
        return this.unknown;
    }
  }

  private readonly unknown = (): boolean => {
    this.asking.inDoubt();
    return false;
  };

  private stateTest(states: readonly string[], not: boolean): () => boolean {
    const { asking } = this;
    const bits = states.map((state) => STATES[state]);
    if (!bits.every((bit) => bit !== undefined)) return this.unknown;
    const all = bits.reduce((mask, bit) => mask | bit, 0);
    return () => asking.hasState(all) !== not;
  }

  private setTest(name: string, fields: readonly ('src' | 'dst')[], not: boolean): () => boolean {
    const { asking } = this;
    const set = this.setOf(this.table, name);
    if (set === null) return this.unknown;
    const source = fields.reduce((bits, field, i) => bits | (field === 'src' ? 1 << i : 0), 0);
    return () => asking.isInSet(set, fields.length, source) !== not;
  }
}

function holds(tests: readonly (() => boolean)[]): boolean {
  for (let i = 0; i < tests.length; i++) if (tests[i]?.() === false) return false;
  return true;
}

/** What stands together is asked together: what is not known only matters where all else holds. */
function unknownLast(steps: readonly Step[]): readonly Step[] {
  const sorted: Step[] = [];
  let unknowns: Step[] = [];
  for (const step of steps) {
    if (step.kind === 'unknown') {
      unknowns.push(step);
      continue;
    }
    if (!('not' in step)) {
      sorted.push(...unknowns);
      unknowns = [];
    }
    sorted.push(step);
  }
  return [...sorted, ...unknowns];
}
