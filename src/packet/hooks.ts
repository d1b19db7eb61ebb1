import { Input } from './inputs.ts';

/**
 * Where filters look at a packet, in the order in which it comes there: `ingress` is the qdisc of that name and clsact's
 * hook, `ifbOfIngress` a device that packets are redirected to from there, `ifbOfEgress` one that they are redirected to
 * as they leave.
 */
export const HOOKS = ['ingress', 'ifbOfIngress', 'clsactEgress', 'egress', 'ifbOfEgress'] as const;
export type Hook = (typeof HOOKS)[number];

/**
 * What is known of a packet at a hook. `frame`: its bytes tell. `device`: the same of all packets of a device. `set`: something
 * before the hook may have set it, which no capture tells. `none`: nothing has set it yet.
 */
export type Known = 'frame' | 'device' | 'set' | 'none';

export interface HookRow {
  readonly what: string;
  /** As the keys of flow filters and `--set` call it. */
  readonly names: readonly string[];
  /** What results rest on that read it, and what actions write that set it: bits of Input; 0: the frame alone. */
  readonly inputs: number;
  readonly at: Readonly<Record<Hook, Known>>;
  /** Who sets it, or why nobody does. */
  readonly why: string;
}

const EARLY = { ingress: 'none', ifbOfIngress: 'none' } as const;
const LATE = { clsactEgress: 'set', egress: 'set' } as const;

/** One row for each thing that filters look at: exactness, findings and docs/hooks.md go by these. */
export const HOOK_ROWS = {
  mark: {
    what: 'mark',
    names: ['mark'],
    inputs: Input.MARK,
    at: { ...EARLY, ...LATE, ifbOfEgress: 'set' },
    why: 'Netfilter and sockets set it, and netfilter runs behind ingress. A redirect keeps it.',
  },
  priority: {
    what: 'priority',
    names: ['priority'],
    inputs: Input.PRIORITY,
    at: { ...EARLY, ...LATE, ifbOfEgress: 'set' },
    why: "Sockets, netfilter and forwarding (from the TOS) set it; before ingress only a VLAN device's ingress map does.",
  },
  connection: {
    what: 'connection: its addresses and ports',
    names: ['nfct-src', 'nfct-dst', 'nfct-proto-src', 'nfct-proto-dst'],
    inputs: Input.NAT,
    at: { ...EARLY, ...LATE, ifbOfEgress: 'none' },
    why: 'Tracking runs behind ingress. `action ct` finds the packet under its own addresses, and a redirect takes the connection off.',
  },
  pointer: {
    what: 'connection: its place in memory',
    names: ['nfct'],
    inputs: Input.FOLD_NFCT,
    at: { ...EARLY, ...LATE, ifbOfEgress: 'none' },
    why: 'As the connection. Nobody can tell it beforehand.',
  },
  owner: {
    what: 'owner: user and group of the socket',
    names: ['sk-uid', 'sk-gid'],
    inputs: Input.SK_UID | Input.SK_GID | Input.SOCKET,
    at: { ...EARLY, ...LATE, ifbOfEgress: 'none' },
    why: 'Only packets of this machine have one. A redirect at egress sends a copy, which has none.',
  },
  route: {
    what: 'route: its realms',
    names: ['rt-classid'],
    inputs: Input.RT_CLASSID | Input.ROUTE,
    at: { ...EARLY, ...LATE, ifbOfEgress: 'set' },
    why: 'Routing comes behind ingress. The realm is 0 unless the route has one.',
  },
  iif: {
    what: 'device that it came in on',
    names: ['iif'],
    inputs: Input.IIF,
    at: { ingress: 'device', ifbOfIngress: 'device', ...LATE, ifbOfEgress: 'device' },
    why: 'On an ifb it is the device that the packet was redirected from. At egress it is 0 for packets of this machine.',
  },
  addresses: {
    what: 'addresses and ports',
    names: ['src', 'dst', 'proto', 'proto-src', 'proto-dst'],
    inputs: 0,
    at: { ingress: 'frame', ifbOfIngress: 'frame', clsactEgress: 'frame', egress: 'frame', ifbOfEgress: 'frame' },
    why: 'NAT of what comes in is undone behind ingress; NAT of what leaves is done before egress.',
  },
  transport: {
    what: 'place of the transport header',
    names: ['transport'],
    inputs: Input.TRANSPORT,
    at: { ingress: 'set', ifbOfIngress: 'set', clsactEgress: 'frame', egress: 'frame', ifbOfEgress: 'frame' },
    why: 'The IP layer sets it on the way out. On the way in a driver or GRO may have set it.',
  },
  hash: {
    what: 'flow hash',
    names: ['rxhash'],
    inputs: Input.HASH,
    at: { ingress: 'set', ifbOfIngress: 'set', ...LATE, ifbOfEgress: 'set' },
    why: 'A card or a socket may have set one; else the kernel computes it under a secret key.',
  },
  tag: {
    what: 'VLAN tag',
    names: ['vlan-tag'],
    inputs: 0,
    at: { ingress: 'frame', ifbOfIngress: 'frame', clsactEgress: 'frame', egress: 'frame', ifbOfEgress: 'frame' },
    why: 'The outermost tag, where the device inserts tags by itself (`--vlan`).',
  },
  queue: {
    what: 'transmit queue',
    names: ['queue'],
    inputs: Input.QUEUE,
    at: { ingress: 'set', ifbOfIngress: 'set', ...LATE, ifbOfEgress: 'set' },
    why: 'Chosen by the device behind the egress hook; before that it is the one that the packet came in on.',
  },
} as const satisfies Readonly<Record<string, HookRow>>;
export type HookThing = keyof typeof HOOK_ROWS;

/** The row of a key by its name; null: it has none. */
export function hookRowOf(key: string): HookRow | null {
  return Object.values<HookRow>(HOOK_ROWS).find(({ names }) => names.includes(key)) ?? null;
}

/** The kernel has attached the packet's connection where filters look at it. */
export const hasConnection = (hook: Hook): boolean => HOOK_ROWS.connection.at[hook] === 'set';

/** The inputs (bits of Input) that the frame's bytes tell at a hook. */
export function toldByFrame(hook: Hook): number {
  return Object.values<HookRow>(HOOK_ROWS).reduce(
    (bits, { inputs, at }) => (at[hook] === 'frame' ? bits | inputs : bits),
    0,
  );
}
