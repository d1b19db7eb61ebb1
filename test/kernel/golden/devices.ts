/** The devices of the chain and fate families, as golden records have them; all up, and no IPv6. */
export const DEVICES = { lo: 1, d0: 7, d1: 8, ifb0: 9 } as const;

export const LINKS = [
  'link set lo up',
  ...[
    `d0 index ${DEVICES.d0} type dummy`,
    `d1 index ${DEVICES.d1} type dummy`,
    `ifb0 index ${DEVICES.ifb0} type ifb`,
  ].flatMap((made) => [`link add ${made}`, `link set ${made.split(' ')[0]} up`]),
];

export const deviceName = (ifindex: number): string =>
  Object.entries(DEVICES).find(([, index]) => index === ifindex)?.[0] ?? String(ifindex);
