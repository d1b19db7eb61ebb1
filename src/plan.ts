import type { Env } from './env.ts';
import { KernelError } from './errors.ts';
import { Netns, type Outside, type Place } from './kernel/index.ts';
import {
  type AttrWriter,
  decode,
  encode,
  filterInfo,
  joinMessages,
  NLM_F,
  RTM,
  readAck,
  splitMessages,
  TC_H,
  TCA,
  writeTc,
} from './netlink/index.ts';
import { ETH_P_ALL } from './packet/index.ts';
import { flowParts } from './sched/classifier/index.ts';
import { FLOW, type FlowOptions, flowPayload } from './sched/flow/index.ts';
import type { PacketSet, Talk } from './sched/notation.ts';

/** One `--filter`: what was typed, what it says, and the kernel's own seed if it is known. */
export interface FilterPlan {
  readonly spec: string;
  readonly options: FlowOptions;
  /** TCA_OPTIONS as tc sends it, where that is more than `options` says: repeated attributes (quirk 53). */
  readonly payload?: Uint8Array | undefined;
  readonly hashrnd?: number | undefined;
}

/**
 * A filter from what follows `flow` in tc, with or without that word; match, action and police included. `sets` are those
 * that ipset ematches may name. Throws UsageError in tc's words, with the index of the word it is about.
 */
export function planFilter(
  spec: string,
  { sets = [], hashrnd }: { readonly sets?: readonly PacketSet[]; readonly hashrnd?: number | undefined } = {},
): FilterPlan {
  const payload = flowPayload(spec, flowParts(speaker(sets)));
  return { spec, options: decode(FLOW, payload), payload, ...(hashrnd === undefined ? {} : { hashrnd }) };
}

/** A spec's words are spoken with no device at hand but lo. */
const speaker = (sets: readonly PacketSet[]): Talk => ({
  ifindex: (name) => (name === 'lo' ? 1 : 0),
  device: () => null,
  set: (key) => sets.find(({ name, index }) => name === key || index === key) ?? null,
  warn: () => {},
  show: { details: false, raw: false, iec: false, stats: false },
});

/** A kernel, and the place in it whose filters are asked. */
export interface Asked {
  readonly netns: Netns;
  readonly place: Place;
  /** tc lines whose objects the kernel holds without being told of them: results that rest on it are assumed. */
  readonly assumed?: readonly string[];
}

/** What filters may name, and who is told of the copies that they send. */
export type Around = Pick<Outside, 'sets' | 'copied'>;

const DEVICE = { name: 'capture', ifindex: 1 };
/** Every filter of a plan has this handle. */
const HANDLE = 1;

/** The qdisc that filters without one are attached to: drr 1: at egress, ingress ffff: at ingress. */
const QDISC = {
  egress: { kind: 'drr', parent: TC_H.ROOT, handle: 0x00010000 },
  ingress: { kind: 'ingress', parent: TC_H.INGRESS, handle: 0xffff0000 },
};

/**
 * The kernel that `--filter` asks for: one device with one qdisc, the filters attached at preferences 1, 2, … with
 * `protocol all` and handle 0x1. Throws the KernelError of the first that the kernel would refuse.
 */
export function kernelOf(
  filters: readonly FilterPlan[],
  env: Env,
  hook: 'egress' | 'ingress',
  around: Around = {},
): Asked {
  const hashrnd: Outside['hashrnd'] = ({ pref }) => filters[pref - 1]?.hashrnd;
  const netns = new Netns({ ...around, env, devices: [DEVICE], hashrnd });
  const { kind, parent, handle } = QDISC[hook];
  send(netns, RTM.NEWQDISC, { handle, parent, info: 0 }, (w) => w.put(TCA.kind, kind));
  for (const [index, { options, payload }] of filters.entries()) {
    const info = filterInfo(index + 1, ETH_P_ALL);
    send(netns, RTM.NEWTFILTER, { handle: HANDLE, parent: handle, info }, (w) => {
      w.put(TCA.kind, 'flow');
      w.put(TCA.options, payload ?? encode(FLOW, options));
    });
  }
  return { netns, place: { dev: DEVICE.name, hook, parent: handle } };
}

interface Coordinates {
  readonly handle: number;
  readonly parent: number;
  readonly info: number;
}

function send(netns: Netns, type: number, where: Coordinates, attributes: (w: AttrWriter) => void): void {
  const payload = writeTc({ ifindex: DEVICE.ifindex, ...where }, attributes);
  const flags = NLM_F.REQUEST | NLM_F.ACK | NLM_F.CREATE | NLM_F.EXCL;
  for (const reply of netns.request(joinMessages([{ type, flags, seq: 0, pid: 0, payload }]))) {
    for (const message of splitMessages(reply)) {
      const { errno, extack } = readAck(message);
      if (errno !== 0) throw new KernelError(errno as KernelError['errno'], extack.message);
    }
  }
}
