import type { Hook, TriedFilter } from '../classify.ts';

/** A question whose answer differs from kernel to kernel: its records show what an era is about. */
export interface Witness {
  readonly about: string;
  readonly hook: Hook;
  readonly filter: TriedFilter;
  /** Hex. */
  readonly frame: string;
}

const MACS = '020000000002020000000001';
const UDP = '4500002000000000401100000a0000010a0000020035003500000000';
const every = (options: string): TriedFilter => ({ protocol: 'all', options });

export const WITNESSES: readonly Witness[] = [
  {
    about: 'addr_fold() of a null pointer: 0 before 6.1.180, then secret',
    hook: 'egress',
    filter: every('map key nfct'),
    frame: `${MACS}0800${UDP}`,
  },
  {
    about: 'addr_fold() of a socket: its halves in xor before 6.1.180, then SipHash',
    hook: 'egress',
    filter: every('map key src'),
    frame: `${MACS}08060001080006040001${'00'.repeat(20)}`,
  },
  {
    about: 'PPPoE with a protocol field of one byte: dissected before 6.1.176, then not',
    hook: 'egress',
    filter: every('map key proto-dst'),
    frame: `${MACS}8864110000010021${'21'}${UDP}`,
  },
  {
    about: 'the same frame under the flow hash',
    hook: 'ingress',
    filter: every('map key rxhash'),
    frame: `${MACS}8864110000010021${'21'}${UDP}`,
  },
];
