import { Errno, KernelError } from '../../errors.ts';
import { AttrWriter, NLM_F, RTM } from '../../netlink/index.ts';
import { ActionTable, dumpActions, type Instance } from '../../sched/action/index.ts';
import { noteLeftover, wordOf } from '../filter-actions.ts';
import type { Call, Reply } from '../reply.ts';
import type { State } from '../state.ts';
import { LEFTOVER, readAttributes, writeString } from '../validate.ts';

/** struct tcamsg: family and padding. */
const TCAMSG_SIZE = 4;
/** TCA_ROOT_* */
const TAB = 1;
const FLAGS = 2;
const COUNT = 3;
/** TCA_ACT_FLAG_LARGE_DUMP_ON */
const LARGE_DUMP = 1;
const TCA_ACT_KIND = 1;
const TCA_FCNT = 6;
/** TCA_ACT_MAX_PRIO: actions in one message of a dump, unless the requester can take more. */
const MAX_PRIO = 32;
/** Room for actions in the largest message of a dump, behind its headers. */
const SPACE = 32000;

/** nlmsg_parse_deprecated() without a policy. */
function read({ message }: Call): { attributes: Map<number, Uint8Array>; leftover: boolean } {
  if (message.payload.length < TCAMSG_SIZE) throw new KernelError(Errno.EINVAL, 'Invalid header length');
  return readAttributes(message.payload, TCAMSG_SIZE, new Map());
}

/** net/sched/act_api.c: tc_ctl_action(), up to the list of actions. */
function readTab(call: Call): Uint8Array {
  const { attributes, leftover } = read(call);
  if (leftover) call.warning = LEFTOVER;
  const tab = attributes.get(TAB);
  if (tab === undefined) throw new KernelError(Errno.EINVAL, 'Netlink action attributes missing');
  noteLeftover(tab, call);
  return tab;
}

function message(body: (w: AttrWriter) => void): Uint8Array {
  const w = new AttrWriter();
  w.zeros(TCAMSG_SIZE);
  body(w);
  return w.done();
}

/** tca_get_fill() */
function listMessage(instances: readonly Instance[]): Uint8Array {
  return message((w) => w.nest(TAB, () => dumpActions(instances, w)));
}

/** tcf_action_add() */
export function newAction(state: State, call: Call): void {
  const { instances, warning } = state.actions.add(readTab(call), call.has(NLM_F.REPLACE));
  if (warning !== '') call.warning = warning;
  call.notify(() => ({ type: RTM.NEWACTION, payload: listMessage(instances) }));
}

/** tca_action_gd(), RTM_GETACTION */
export function getAction(state: State, call: Call): void {
  call.answer({ type: RTM.GETACTION, payload: listMessage(state.actions.get(readTab(call))) }, 0);
}

/** tca_action_gd(), RTM_DELACTION: the actions named, or with NLM_F_ROOT all of a kind. */
export function deleteAction(state: State, call: Call): void {
  const tab = readTab(call);
  if (call.has(NLM_F.ROOT)) {
    flush(state, call, tab);
    return;
  }
  const payload = listMessage(state.actions.get(tab));
  state.actions.delete(tab);
  call.notify(() => ({ type: RTM.DELACTION, payload }), 0);
}

/** tca_action_flush() */
function flush(state: State, call: Call, tab: Uint8Array): void {
  const { kind, count, warning } = state.actions.flush(tab);
  if (warning !== '') call.warning = warning;
  if (count === 0) return;
  const payload = message((w) =>
    w.nest(TAB, () =>
      w.nest(0, () => {
        writeString(w, TCA_ACT_KIND, kind);
        w.nest(TCA_FCNT, () => w.u32(count));
      }),
    ),
  );
  call.notify(() => ({ type: RTM.DELACTION, payload }), NLM_F.ROOT);
}

/** net/sched/act_api.c: tc_dump_action() — the actions of one kind, numbered from 0 in each message; none: no message. */
export function* dumpActionsOf(state: State, call: Call): Generator<Reply> {
  const { attributes } = read(call);
  const kind = ActionTable.listedKind(attributes.get(TAB) ?? new Uint8Array());
  if (kind === null) return;
  const most = (wordOf(attributes.get(FLAGS)) & LARGE_DUMP) !== 0 ? Number.POSITIVE_INFINITY : MAX_PRIO;
  for (const instances of batches(state.actions.list(kind), most)) {
    const payload = message((w) => {
      w.nest(COUNT, () => w.u32(instances.length));
      w.nest(TAB, () => dumpActions(instances, w, 0));
    });
    yield { type: RTM.GETACTION, payload };
  }
}

/** As many actions together as one message holds. */
function* batches(all: readonly Instance[], most: number): Generator<Instance[]> {
  let batch: Instance[] = [];
  let size = 0;
  for (const instance of all) {
    const w = new AttrWriter();
    dumpActions([instance], w);
    if (batch.length > 0 && (batch.length >= most || size + w.length > SPACE)) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push(instance);
    size += w.length;
  }
  if (batch.length > 0) yield batch;
}
