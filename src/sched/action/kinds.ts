import { connmark } from './connmark.ts';
import { csum } from './csum.ts';
import { ct } from './ct.ts';
import { ctinfo } from './ctinfo.ts';
import { gact } from './gact.ts';
import { ife } from './ife.ts';
import type { Action } from './kind.ts';
import { mirred } from './mirred.ts';
import { nat } from './nat.ts';
import { notModelled } from './not-modelled.ts';
import { pedit } from './pedit.ts';
import { police } from './police.ts';
import { sample } from './sample.ts';
import { simple } from './simple.ts';
import { skbedit } from './skbedit.ts';
import { skbmod } from './skbmod.ts';
import { tunnelKey } from './tunnel-key.ts';
import { vlan } from './vlan.ts';

/** Every kind of action. A new one is one file and one row. */
export const ACTIONS: readonly Action<unknown>[] = [
  gact,
  police,
  skbedit,
  vlan,
  mirred,
  simple,
  sample,
  pedit,
  csum,
  nat,
  connmark,
  ctinfo,
  // Spoken and shown, but not emulated: compile() refuses them by name.
  tunnelKey,
  ife,
  skbmod,
  ct,
  ...['bpf', 'gate', 'ipt', 'mpls', 'xt'].map(notModelled),
];
