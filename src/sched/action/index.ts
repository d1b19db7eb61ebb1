/**
 * Actions (net/sched/act_*.c, tc's m_*.c): what a filter does with a packet it matched.
 *
 * For filters: `table.bind({act, police}, {chains, clsact, estimation})` turns the payloads of a filter's two
 * attributes into a Bound: `bound.act` runs the list, `bound.dump(w, actAttribute, policeAttribute)` writes it back as
 * the kernel dumps it, `bound.dumpStats(w)` the TCA_STATS of old-style police (behind TCA_OPTIONS), `bound.scope`,
 * `bound.assumed`. When the filter goes, is changed,
 * or was refused after bind(): `table.release(bound)`.
 *
 * For `tc actions`, with the payload of TCA_ACT_TAB: `add(tab, replace)` (RTM_NEWACTION), `get(tab)` (RTM_GETACTION),
 * `delete(tab)` (RTM_DELACTION), `flush(tab)` (with NLM_F_ROOT), `list(kind)` (a dump; numbered from 0). Messages hold
 * `dumpActions(instances, w)` in TCA_ACT_TAB.
 *
 * For tc: `actionPart(ask, show)` and `policePart(show)` are the two FlowParts; `speakActions` and `printActions` are
 * what `tc actions` needs. Words throw UsageError with every line tc prints, control throws KernelError.
 */
export { execActions, type Runnable } from './exec.ts';
export { LowestFree } from './handles.ts';
export { Instance } from './instance.ts';
export {
  type Action,
  type ActionChains,
  type ActionShow,
  type Ask,
  BARE,
  Counters,
  type Estimation,
  NOBODY,
} from './kind.ts';
export { ACTIONS } from './kinds.ts';
export {
  ACT,
  type ActAttributes,
  type ActionPart,
  actionPart,
  findAction,
  policePart,
  printActions,
  speakActions,
  TCA_ACT,
} from './list.ts';
export { ActionTable, Bound, dumpActions, type FilterActions, NO_ACTIONS } from './table.ts';
