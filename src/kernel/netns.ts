import { bytes as bytesOf } from '../argument.ts';
import type { Env } from '../env.ts';
import { Errno, FormatError, KernelError } from '../errors.ts';
import { joinMessages, type Message, NLM_F, RTM, splitMessages } from '../netlink/index.ts';
import type { Packet } from '../packet/index.ts';
import { type Survey, together } from '../sched/classifier/index.ts';
import type { FlowClassifier } from '../sched/flow/index.ts';
import type { PacketSet, World } from '../sched/notation.ts';
import { UNSPEC, type Verdict } from '../verdict.ts';
import type { ChainResult, Visit } from './chain/index.ts';
import { aDevice, Device, type DeviceSpec, type Qdisc } from './device.ts';
import { Ends, FateNumber, HOOKS } from './ends.ts';
import { type Journey, journeyOf, type Names } from './journey.ts';
import { type FilterId, type Numbered, type Plan, planOf } from './plan.ts';
import type { FilterBlock, KernelProto } from './proto.ts';
import { Call, type Made, type Reply } from './reply.ts';
import { deleteAction, dumpActionsOf, getAction, newAction } from './requests/actions.ts';
import { deleteChain, dumpChains, getChain, newChain } from './requests/chain.ts';
import { deleteClass, dumpClasses, getClass, newClass } from './requests/class.ts';
import { deleteFilter, dumpFilters, getFilter, newFilter } from './requests/filter.ts';
import { activate, deleteQdisc, dumpQdiscs, getQdisc, newQdisc } from './requests/qdisc.ts';
import { bytes, checkSaved, hex, type SavedNetns, savedSets, setsOf } from './saved.ts';
import { type Outside, State } from './state.ts';
import { type Evaluated, Walker } from './walk.ts';
import { Hook, NONE, type Way } from './way.ts';

type Doit = (state: State, call: Call) => void;
type Dumpit = (state: State, call: Call) => Iterable<Reply>;

/** rtnl_register(): what answers which message. */
const DOIT: ReadonlyMap<number, Doit> = new Map<number, Doit>([
  [RTM.NEWQDISC, newQdisc],
  [RTM.DELQDISC, deleteQdisc],
  [RTM.GETQDISC, getQdisc],
  [RTM.NEWTCLASS, newClass],
  [RTM.DELTCLASS, deleteClass],
  [RTM.GETTCLASS, getClass],
  [RTM.NEWTFILTER, newFilter],
  [RTM.DELTFILTER, deleteFilter],
  [RTM.GETTFILTER, getFilter],
  [RTM.NEWCHAIN, newChain],
  [RTM.DELCHAIN, deleteChain],
  [RTM.GETCHAIN, getChain],
  [RTM.NEWACTION, newAction],
  [RTM.DELACTION, deleteAction],
  [RTM.GETACTION, getAction],
]);
const DUMPIT: ReadonlyMap<number, Dumpit> = new Map<number, Dumpit>([
  [RTM.GETQDISC, dumpQdiscs],
  [RTM.GETTCLASS, dumpClasses],
  [RTM.GETTFILTER, dumpFilters],
  [RTM.GETCHAIN, dumpChains],
  [RTM.GETACTION, dumpActionsOf],
]);

/** Messages below it belong to netlink itself. */
const NLMSG_MIN_TYPE = 16;
/** Of four message numbers in a row the third is the get. */
const KIND_GET = 2;

export interface NetnsOptions extends Outside {
  readonly env: Env;
  /** Names and numbers are the requester's business; lo is not there unless it is named. */
  readonly devices: readonly DeviceSpec[];
}

/** Where a packet is classified: at the root qdisc, or at one of the hooks of ingress and clsact. */
export interface Place {
  readonly dev: string;
  readonly hook: 'egress' | 'clsact-egress' | 'ingress';
  /** At egress, the parent whose filters are asked instead of the root qdisc's. */
  readonly parent?: number;
}

/** A flow filter, found by its name; the filter itself changes with every change and perturbation. */
export interface FlowFilterAt {
  /** What its list is attached to. */
  readonly list: number;
  readonly chain: number;
  readonly pref: number;
  readonly handle: number;
  readonly classifier: FlowClassifier;
}

/** Who looks on while requests are handled. */
export interface Watch {
  refused?(error: KernelError): void;
  made?(object: Made): void;
}

/** What became of a packet. All of it is overwritten by the next. */
export interface Walked {
  /** What the last list on its way that wanted it answered; verdict -1: none did. */
  readonly answer: {
    readonly verdict: Verdict;
    readonly classid: number;
    readonly pref: number;
    readonly handle: number;
  };
  /** What happened, in numbers of the plan: journey() has the words. */
  readonly way: Way;
  /** Number of a proto on the way that nobody here can evaluate, so that the rest is not known; NONE: there is none. */
  readonly unknown: number;
}

const CLSACT_EGRESS = 0xfffffff3;

/** Whether a place is one list of filters, rather than the beginning of a way. */
export function isList({ hook, parent }: Place): boolean {
  return parent !== undefined || hook === 'clsact-egress';
}

/** A list of filters, and what has it. */
interface FoundList {
  readonly q: Qdisc;
  readonly at: number;
  readonly block: FilterBlock;
}

/** What is at a place. */
interface Found {
  readonly device: Device | null;
  readonly list: FoundList | null;
}

const classifiersOf = ({ chains }: FilterBlock): KernelProto['classifier'][] =>
  chains.flatMap(({ protos }) => protos.map(({ classifier }) => classifier));

const NOWHERE: Found = { device: null, list: null };

/** The list of filters at a place; null: nothing there takes filters. */
function listAt(device: Device, { hook, parent }: Place): FoundList | null {
  if (parent === undefined && hook !== 'egress') return device.hookList(hook === 'ingress');
  const q = parent === undefined ? device.root : device.lookup((parent & 0xffff0000) >>> 0);
  const at = parent ?? q?.handle ?? 0;
  const block = q?.blockAt(at) ?? null;
  return q === null || block === null ? null : { q, at, block };
}

function missing(what: string, number: number): never {
  throw new Error(`no ${what} ${number} in the plan`);
}

/** The lists of a qdisc, of its classes, and of what hangs on them. */
function listsBelow(q: Qdisc): [list: number, block: FilterBlock][] {
  const own: [number, FilterBlock][] = q.block === null ? [] : [[q.handle, q.block]];
  const classes = [...q.classes.walk()].flatMap(({ id, block }): [number, FilterBlock][] =>
    block === null || block === q.block ? [] : [[id, block]],
  );
  return [...own, ...classes, ...q.below().flatMap(listsBelow)];
}

/** The kernel we emulate: one network namespace with its devices, qdiscs, classes and filters. */
export class Netns {
  private readonly state: State;
  /** Those that changed something: save() writes them in hex. */
  private readonly requests: Uint8Array[] = [];
  private readonly answer = {
    verdict: UNSPEC,
    result: { classid: 0, handle: 0, pref: 0, proto: null } as ChainResult<KernelProto>,
  };
  /** The place that was asked about last, and what is there; forgotten when a request comes. */
  private asked: Place | null = null;
  private found: Found | null = null;
  private numbered: Numbered | null = null;
  private countedEnds: Ends | null = null;
  private readonly walker = new Walker(
    (ifindex) => this.state.devices.get(ifindex) ?? null,
    () => this.state.env.era,
  );

  constructor({ env, devices, ...outside }: NetnsOptions) {
    const copied: World['copied'] = (p, ifindex, direction, what) => {
      this.walker.copied(p, ifindex, direction, what);
      outside.copied?.(p, ifindex, direction, what);
    };
    this.state = new State(env, { ...outside, copied });
    for (const spec of devices) this.addDevice(spec);
  }

  /** A device appears, with the default qdisc of its kind. */
  addDevice(spec: DeviceSpec): void {
    aDevice(spec, 'device');
    const device = new Device(spec);
    this.state.devices.set(device.ifindex, device);
    if (!this.ifindexes.has(device.name)) this.ifindexes.set(device.name, device.ifindex);
    this.lastIfindex = Math.max(this.lastIfindex, device.ifindex);
    this.forget();
    activate(this.state, device);
  }

  /** Number of the next device where none is given. */
  get nextIfindex(): number {
    return this.lastIfindex + 1;
  }

  private readonly ifindexes = new Map<string, number>();
  private lastIfindex = 1;

  /** Names and numbers of the devices, as tc looks them up; 0 and null: none. */
  readonly links = {
    index: (name: string): number => this.ifindexes.get(name) ?? 0,
    name: (ifindex: number): string | null => this.state.devices.get(ifindex)?.name ?? null,
  };

  get devices(): readonly Device[] {
    return [...this.state.devices.values()];
  }

  /**
   * One datagram of requests, as sent by netlink port `port` with NETLINK_EXT_ACK set (as tc does); answers in the
   * datagrams that the kernel would send, in order. Never throws: what is no message is ignored, as in the kernel.
   * `watch` is called with what the answers do not hold: the rule behind a refusal, and the objects.
   */
  request(datagram: Uint8Array, port = 0, watch: Watch = {}): Uint8Array[] {
    bytesOf(datagram, 'datagram');
    const replies: Uint8Array[] = [];
    this.forget();
    try {
      for (const message of splitMessages(datagram)) replies.push(...this.handle(message, port, watch));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
    return replies;
  }

  /** net/netlink/af_netlink.c: netlink_rcv_skb(), for one message. */
  private handle(message: Message, port: number, watch: Watch): Uint8Array[] {
    const call = new Call(message, port);
    const wanted = call.has(NLM_F.REQUEST) && message.type >= NLMSG_MIN_TYPE;
    let error: KernelError | null = null;
    if (wanted) {
      const dumpit = this.dumper(call);
      if (dumpit !== null) return call.dump(dumpit(this.state, call), watch.refused);
      error = this.doit(call);
      if (error !== null) watch.refused?.(error);
      else if (call.made !== null) watch.made?.(call.made);
    }
    const sent = call.sent.map((reply) => joinMessages([reply]));
    if (error !== null || call.has(NLM_F.ACK)) sent.push(joinMessages([call.ack(error)]));
    return sent;
  }

  /** What lists, if this request is for a list. */
  private dumper({ message }: Call): Dumpit | null {
    const dumps = (message.type & 3) === KIND_GET && (message.flags & NLM_F.DUMP) !== 0 && message.payload.length > 0;
    return dumps ? (DUMPIT.get(message.type) ?? null) : null;
  }

  /** net/core/rtnetlink.c: rtnetlink_rcv_msg() */
  private doit(call: Call): KernelError | null {
    const { message } = call;
    if (message.payload.length === 0) return null;
    const doit = DOIT.get(message.type);
    if (doit === undefined) return new KernelError(Errno.EOPNOTSUPP);
    const { handlesMade } = this.state;
    let refused: KernelError | null = null;
    try {
      doit(this.state, call);
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      refused = error;
    }
    // A refused request may have used up a handle, which later ones then do not get.
    const changed = refused === null ? (message.type & 3) !== KIND_GET : this.state.handlesMade !== handlesMade;
    if (changed) this.requests.push(joinMessages([message]));
    return refused;
  }

  /**
   * The filters of one place asked about a packet. The answer is overwritten by the next call; its class is meaningful
   * where the verdict is not negative.
   */
  classify(
    p: Packet,
    place: Place,
    visit: Visit | null = null,
  ): { readonly verdict: Verdict; readonly result: ChainResult<KernelProto> } {
    const { answer } = this;
    const list = this.find(place)?.list ?? null;
    answer.result.classid = answer.result.handle = answer.result.pref = 0;
    answer.verdict = list === null ? UNSPEC : list.block.classify(p, answer.result, visit);
    return answer;
  }

  /**
   * The whole way of a packet on a device: egress or ingress, hooks, qdiscs and classes. Where `place` is one list (a
   * parent, or clsact's egress hook), that list alone evaluates it. `evaluated` is called for every proto that did.
   */
  walk(p: Packet, place: Place, evaluated: Evaluated | null = null): Walked {
    const { walker } = this;
    const { device, list } = this.find(place) ?? NOWHERE;
    if (this.numbered === null) this.renumber();
    if (!isList(place) && device !== null) {
      walker.walk(p, device, place.hook === 'ingress' ? Hook.INGRESS : Hook.EGRESS, evaluated);
    } else if (list === null) walker.nothing();
    else walker.list(p, list.q, list.at, list.block, evaluated);
    return walker;
  }

  /** The last packet's way in words; null: one list alone was evaluated. */
  journey(): Journey | null {
    return journeyOf(this.walker.way, this.names);
  }

  /** What control has made, as data. */
  get plan(): Plan {
    return this.planned.plan;
  }

  /** Numbers for the ends of packets; others after each request. */
  get ends(): Ends {
    this.countedEnds ??= new Ends(this.names);
    return this.countedEnds;
  }

  /** Number of the last packet's end; NONE: one list alone was evaluated. */
  get end(): number {
    const { way } = this.walker;
    return way.endAt === NONE ? NONE : this.ends.of(way);
  }

  /** Nobody knows where the last packet went. */
  get endIsUnknowable(): boolean {
    return this.walker.way.fate === FateNumber.UNKNOWABLE;
  }

  /** A filter by its number in the plan. */
  filterAt(number: number): FilterId | null {
    return this.planned.protos[number] ?? null;
  }

  private get planned(): Numbered {
    return this.numbered ?? this.renumber();
  }

  private renumber(): Numbered {
    this.numbered = planOf(this.state.devices.values());
    return this.numbered;
  }

  private get names(): Names {
    const { nodes, protos } = this.planned;
    return {
      node: (number) => nodes[number] ?? missing('node', number),
      proto: (number) => protos[number] ?? missing('proto', number),
      device: this.links.name,
    };
  }

  /** A request may change anything that was found before. */
  private forget(): void {
    this.asked = null;
    this.found = null;
    this.numbered = null;
    this.countedEnds = null;
  }

  /** What is at a place, looked up once. */
  private find(place: Place): Found | null {
    if (place === this.asked) return this.found;
    const device = this.devices.find(({ name }) => name === place.dev) ?? null;
    this.found = { device, list: device === null ? null : listAt(device, place) };
    this.asked = place;
    return this.found;
  }

  /** Something was put there: a list that filters can be attached to, or a qdisc on the way. */
  has(place: Place): boolean {
    const { device, list } = this.find(place) ?? NOWHERE;
    if (isList(place) || place.hook === 'ingress') return list !== null;
    if (device === null) return false;
    const isDefault = device.root === null || device.root.handle === 0;
    return !isDefault || (device.ingress?.egressBlock ?? null) !== null;
  }

  /** The flow filters that may be asked: chains in the order in which they came into being, lowest preference first. */
  flowFilters(place: Place): FlowFilterAt[] {
    return this.lists(place).flatMap(([list, { chains }]) =>
      chains.flatMap(({ index, protos }) =>
        protos.flatMap(({ pref, classifier }) => {
          const { flow } = classifier;
          const handles = flow?.walk().map(({ handle }) => handle) ?? [];
          return flow === null ? [] : handles.map((handle) => ({ list, chain: index, pref, handle, classifier: flow }));
        }),
      ),
    );
  }

  /**
   * The protos that answer for a place's packets, lowest preference first, where all of them are in chain 0 of one list
   * that every packet meets: the only one of the root qdisc's tree or of the hook. null: there are several lists.
   */
  protos(place: Place): readonly KernelProto[] | null {
    const lists = this.lists(place).filter(([, { chains }]) => chains.some(({ protos }) => protos.length > 0));
    const [only, ...others] = lists;
    if (only === undefined) return [];
    return others.length === 0 && only[1] === this.block(place) ? (only[1].find(0)?.protos ?? []) : null;
  }

  /** What is to be known of the filters that may be asked, before packets are classified: redirects are followed. */
  survey(place: Place): Survey {
    return together([...this.blocksMet(place)].flatMap(classifiersOf).flatMap((classifier) => classifier.survey()));
  }

  /** The blocks that a packet or a copy of it may meet: those of the place, and of devices that filters send packets to. */
  private blocksMet(place: Place): ReadonlySet<FilterBlock> {
    const met = new Set<FilterBlock>();
    const meet = (at: Place): void => {
      for (const [, block] of this.lists(at)) met.add(block);
    };
    meet(place);
    // The loop goes on to what it adds.
    for (const block of met) for (const dev of this.targetsOf(block)) for (const hook of HOOKS) meet({ dev, hook });
    return met;
  }

  private targetsOf(block: FilterBlock): string[] {
    const facts = classifiersOf(block).flatMap((classifier) => classifier.facts());
    return facts.flatMap(({ actions }) => actions.targets.flatMap((ifindex) => this.links.name(ifindex) ?? []));
  }

  /** The lists of filters that a packet may meet at a place, from the outside in. */
  private lists(place: Place): [list: number, block: FilterBlock][] {
    const device = this.devices.find(({ name }) => name === place.dev);
    if (device === undefined) return [];
    if (isList(place) || place.hook === 'ingress') {
      const block = this.block(place);
      return block === null ? [] : [[place.parent ?? device.ingress?.handle ?? 0, block]];
    }
    const hook = device.ingress?.egressBlock ?? null;
    const hooked: [number, FilterBlock][] = hook === null ? [] : [[CLSACT_EGRESS, hook]];
    return [...hooked, ...(device.root === null ? [] : listsBelow(device.root))];
  }

  /** The block of filters at a place; null: nothing there takes filters. */
  private block(place: Place): FilterBlock | null {
    return this.find(place)?.list?.block ?? null;
  }

  /** A set by the name that words have or the index that attributes have; null: there is none. */
  set(key: string | number): PacketSet | null {
    return this.state.world.set(key);
  }

  /** What load() needs to make the same namespace again; of its sets, those that are IpSets. */
  save(): SavedNetns {
    const sets = savedSets(this.state.sets);
    return {
      schema: 1,
      era: this.state.env.era.name,
      devices: this.devices.map((device) => device.spec),
      requests: this.requests.map(hex),
      ...(sets.length === 0 ? {} : { sets }),
    };
  }

  /**
   * A namespace with the saved devices and sets (or those of `outside`), told the saved requests. Throws FormatError if `saved` (parsed JSON) is not
   * what save() gave, or of another era than `env`.
   */
  static load(saved: unknown, env: Env, outside: Outside = {}): Netns {
    const checked = checkSaved(saved, env.era.name);
    const netns = new Netns({ sets: setsOf(checked), ...outside, env, devices: checked.devices });
    for (const request of checked.requests) netns.request(bytes(request));
    return netns;
  }
}
