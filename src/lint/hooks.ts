import { HOOK_ROWS, type Hook, type HookRow, type HookThing, hookRowOf } from '../packet/index.ts';
import { ACTIONS } from '../sched/action/index.ts';
import { KEYS, type Key } from '../sched/flow/index.ts';
import type { FilterAt, Setup } from './setup.ts';

const isIfb = (device: string): boolean => /^ifb\d*$/.test(device);

/** Where a filter looks at packets. An ifb that nothing of the script feeds is taken to be fed from ingress. */
export function hookOf({ q, device, atIngress }: FilterAt, tree: Setup): Hook {
  if (atIngress) return 'ingress';
  if (q.kind.ingress) return 'clsactEgress';
  const feeds = tree.sending(device);
  if (feeds.some((feed) => feed.atIngress)) return 'ifbOfIngress';
  if (!isIfb(device)) return 'egress';
  return feeds.length === 0 ? 'ifbOfIngress' : 'ifbOfEgress';
}

/** Nothing has set it yet where the filter looks, or nothing has it any more. */
export function isUnset(thing: HookThing, filter: FilterAt, tree: Setup): boolean {
  return isUnsetRow(HOOK_ROWS[thing], filter, tree);
}

function isUnsetRow(row: HookRow, filter: FilterAt, tree: Setup): boolean {
  return row.at[hookOf(filter, tree)] === 'none' && !mayBeSet(row, filter, tree);
}

/** A key has one value for all packets that come to the filter. */
export function isConstant(key: Key, filter: FilterAt, tree: Setup): boolean {
  const row = hookRowOf(KEYS[key].name);
  if (row === null) return false;
  return row.at[hookOf(filter, tree)] === 'device' ? isFromOneDevice(filter, tree) : isUnsetRow(row, filter, tree);
}

/** Some action on the way here sets it, or nobody can tell: a filter cannot be emulated, or another script feeds the ifb. */
function mayBeSet({ inputs }: HookRow, filter: FilterAt, tree: Setup): boolean {
  if (!ACTIONS.some(({ sets = 0 }) => sets > 0 && (sets & inputs) !== 0)) return false;
  const feeds = tree.sending(filter.device);
  if (isIfb(filter.device) && feeds.length === 0) return true;
  const before = [filter, ...feeds].flatMap((one) => [...tree.on(one.q), ...tree.beside(one)]);
  return before.some(({ actions }) => actions === null || (actions.sets & inputs) !== 0);
}

/** Blocks may stand on several devices, and several may feed an ifb. */
function isFromOneDevice({ q, device, parent, atIngress }: FilterAt, tree: Setup): boolean {
  if (atIngress) return q.block?.shared === false && parent !== q.block.index;
  return new Set(tree.sending(device).map((feed) => feed.device)).size === 1;
}
