import { Frame } from '../../src/capture/index.ts';
import { Tracker } from '../../src/conntrack/index.ts';
import { createEnv, createPacket, type Env } from '../../src/env.ts';
import { ERAS, type EraName } from '../../src/era.ts';
import { Ct, type Device, enter, FlowKeys, type Packet } from '../../src/packet/index.ts';
import { ALL_KEYS, FlowClassifier, keyExactness, readKey } from '../../src/sched/flow/index.ts';
import type { Trial } from './generate.ts';

export const DEVICES: readonly Device[] = [
  { hook: 'egress', vlan: 'offload' },
  { hook: 'egress', vlan: 'inband' },
  { hook: 'ingress', vlan: 'offload' },
  { hook: 'ingress', vlan: 'inband' },
];

const ALL_MASK = (1 << ALL_KEYS.length) - 1;
const NOTHING_KNOWN = { hashrnd: false, rxhashKey: false, foldKey: false };
const MATCH_ALL = () => ({ match: () => true, act: () => 0 });

/** One era with a hash filter over all keys and a map filter. */
interface Setting {
  readonly env: Env;
  readonly packet: Packet;
  readonly keys: FlowKeys;
  readonly hash: FlowClassifier;
  readonly map: FlowClassifier;
}

function settingOf(name: keyof typeof ERAS): Setting {
  const env = createEnv({ era: ERAS[name], seed: 1 });
  const place = { env, qdisc: 0x10000, sharedBlock: false, userNamespace: false, build: MATCH_ALL, stream: 1 };
  const hash = new FlowClassifier(env);
  hash.change(1, { keys: ALL_MASK, mode: 1, divisor: 1021 }, place);
  const map = new FlowClassifier(env);
  map.change(1, { keys: 1 << 4, mask: 0xffff, rshift: 1, addend: 0xfffffff0 }, place);
  return { env, packet: createPacket(env), keys: new FlowKeys(), hash, map };
}

const ERA_NAMES = Object.keys(ERAS) as EraName[];

/** Everything that is made of one frame: every era's packet, keys, flow hash and classes, and its connection. */
class Walk {
  private readonly settings = ERA_NAMES.map(settingOf);
  private readonly tracker = new Tracker({ max: 4096 });
  private readonly ct = new Ct();
  private readonly result = { classid: 0, handle: 0 };
  /** Filled anew by each frame. */
  private readonly seen: Seen[] = [];
  private now = 0;

  /** All that was seen: equal lists, equal results. Throws where a number is no 32-bit number. */
  see(frame: Frame, device: Device): readonly Seen[] {
    this.seen.length = 0;
    this.now += 1e6;
    for (const setting of this.settings) {
      const reason = enter(frame, setting.packet, device);
      if (reason === null) this.seeIn(setting, frame);
      else this.seen.push(reason);
    }
    return this.seen;
  }

  private seeIn({ env, packet, keys, hash, map }: Setting, frame: Frame): void {
    const { seen } = this;
    seen.push(packet.protocol, packet.len, packet.network - frame.at, packet.vlanTci, packet.mark, packet.iif);
    if (this.tracker.track(packet, this.ct, this.now)) this.seeConnection(packet);
    env.era.dissect(packet, keys);
    hash.classify(packet, this.result);
    seen.push(word(this.result.classid), word(packet.hash));
    map.classify(packet, this.result);
    seen.push(word(this.result.classid));
    for (const key of ALL_KEYS) {
      seen.push(word(readKey(key, packet, keys, env.era)), keyExactness(key, packet, keys, env, NOTHING_KNOWN));
    }
  }

  private seeConnection(packet: Packet): void {
    packet.ct = this.ct;
    for (const address of [this.ct.src, this.ct.dst]) for (const part of address) this.seen.push(part);
    this.seen.push(this.ct.srcAll, this.ct.dstAll, this.ct.direction);
  }
}

/** A number, or a word for how sure one is. */
type Seen = string | number;

function word(value: number): number {
  if (Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32) return value;
  throw new RangeError(`${value} is no 32-bit number`);
}

const MARGIN = 64;

/** Puts a frame somewhere in a buffer of other bytes. */
interface Placement {
  readonly canary: number;
  readonly behind: number;
}

/** At the very end of a buffer, and in the middle of one whose other bytes are different. */
const PLACEMENTS: readonly Placement[] = [
  { canary: 0x5a, behind: 0 },
  { canary: 0xa5, behind: MARGIN },
];

/** A frame that holds other bytes each time. */
class Place {
  private readonly frame = new Frame();
  private readonly placement: Placement;
  private memory = new Uint8Array();

  constructor(placement: Placement) {
    this.placement = placement;
  }

  put({ linkType, bytes }: Trial, wire: number): Frame {
    const { canary, behind } = this.placement;
    const size = MARGIN + bytes.length + behind;
    if (this.memory.length < size) this.memory = new Uint8Array(2 * size);
    const { frame, memory } = this;
    frame.data = memory.subarray(0, size).fill(canary);
    frame.data.set(bytes, MARGIN);
    frame.at = MARGIN;
    frame.end = MARGIN + bytes.length;
    frame.length = wire;
    frame.linkType = linkType;
    return frame;
  }
}

/** The same frames, seen amid different bytes: what is made of them may not differ. */
export class Observer {
  private readonly walks = PLACEMENTS.map((placement) => ({ place: new Place(placement), walk: new Walk() }));

  /** Throws if anything throws, gives what is no 32-bit number, or depends on bytes outside the frame. */
  observe(trial: Trial, device: Device, wire: number): void {
    const seen = this.walks.map(({ place, walk }) => walk.see(place.put(trial, wire), device));
    const [first = [], ...others] = seen;
    const other = others.find((list) => !isSame(first, list));
    if (other === undefined) return;
    throw new Error(`depends on bytes outside the frame:\n  ${first.join(' ')}\n  ${other.join(' ')}`);
  }
}

function isSame(one: readonly Seen[], other: readonly Seen[]): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}
