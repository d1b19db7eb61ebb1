/** Packets by how far what is said of them can be trusted. */
export interface ByExactness {
  readonly exact: number;
  readonly assumed: number;
  readonly unknowable: number;
}

/** A host by its address, and by its name where it has one. */
export interface Named {
  /** `192.168.0.1`; of a subscriber `2001:db8:0:7::/64`; of a flow `tcp 192.168.0.1:51514 > 1.1.1.1:443`. */
  readonly address: string;
  readonly name?: string;
}

/** Somebody else in the class. */
export interface Neighbour extends Named {
  readonly bytes: number;
  /** Of the bytes of the class: 0 … 1. */
  readonly share: number;
}

/** One class of a host. */
export interface HostClass {
  readonly classid: string;
  readonly packets: number;
  readonly bytes: number;
  /** Of the bytes of the class: 0 … 1. */
  readonly share: number;
  /** How many others have packets in the class. */
  readonly others: number;
  /** The largest of them, most bytes first. */
  readonly neighbours: readonly Neighbour[];
  /** Packets by how sure their class is. */
  readonly exactness: ByExactness;
}

/** Where the packets of one host went. */
export interface HostRow extends Named {
  readonly packets: number;
  readonly bytes: number;
  readonly exactness: ByExactness;
  /** Most bytes first. */
  readonly classes: readonly HostClass[];
  /** Packets without a class, by the reason. */
  readonly unclassified: readonly { readonly reason: string; readonly packets: number; readonly bytes: number }[];
}

/** The largest flows of one class. */
export interface LargestFlows {
  readonly classid: string;
  /** Most bytes first. */
  readonly flows: readonly Neighbour[];
}

/** The cells of hosts above `hostCells`. */
export const HOST_COLUMNS = [
  'address',
  'name',
  'classid',
  'packets',
  'bytes',
  'share',
  'others',
  'neighbour',
  'neighbour_share',
  'exact',
  'assumed',
  'unknowable',
  'reason',
] as const;

/** A host as rows of cells, one for each class and each reason for having none. */
export function hostCells(host: HostRow): (string | number | null)[][] {
  const { address, name = null } = host;
  return [
    ...host.classes.map(({ classid, packets, bytes, share, others, neighbours: [first], exactness }) => [
      ...[address, name, classid, packets, bytes, share, others, first?.address ?? null, first?.share ?? null],
      ...[exactness.exact, exactness.assumed, exactness.unknowable, null],
    ]),
    ...host.unclassified.map(({ reason, packets, bytes }) => [
      ...[address, name, null, packets, bytes, null, null, null, null, null, null, null, reason],
    ]),
  ];
}
