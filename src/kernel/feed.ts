import type { Plan, PlanList } from './plan.ts';

/** Where packets are when mirred sends them to another device. */
export interface Feed {
  readonly dev: string;
  readonly hook: 'egress' | 'ingress';
}

/** include/uapi/linux/pkt_sched.h: TC_H_CLSACT and TC_H_MIN_EGRESS: the only list before a device at which packets leave. */
const CLSACT_EGRESS = 'ffff:fff3';

/**
 * From where a device gets its packets that sends none of its own, as an ifb: the hooks whose filters send packets to it,
 * each once. net/sched/act_mirred.c
 */
export function feedsOf({ devices, blocks }: Plan, name: string): readonly Feed[] {
  const ifindex = devices.find((device) => device.name === name)?.ifindex;
  if (ifindex === undefined) return [];
  const sends = (list: PlanList): boolean =>
    (blocks[list.block]?.chains ?? []).some(({ protos }) =>
      protos.some(({ filters }) => filters.some(({ sendsTo }) => sendsTo.includes(ifindex))),
    );
  return devices.flatMap(({ name: dev, ingress }) => {
    const hooks = (ingress?.lists ?? []).filter(sends).map(({ at }) => (at === CLSACT_EGRESS ? 'egress' : 'ingress'));
    return [...new Set(hooks)].map((hook) => ({ dev, hook }));
  });
}
