import { Errno, KernelError } from '../errors.ts';
import { MAGIC_BLOCK } from '../netlink/index.ts';
import { tcMinor } from '../u32.ts';
import { majorOf, type Qdisc } from './device.ts';
import type { FilterBlock } from './proto.ts';
import type { State } from './state.ts';
import type { TcRequest } from './validate.ts';

/** Where a request about filters or chains points. */
export interface FilterPlace {
  /** null: a shared block, named by its number. */
  readonly q: Qdisc | null;
  /** The parent, completed: the root qdisc's handle where the request had none. */
  readonly parent: number;
  readonly block: FilterBlock;
}

/** net/sched/cls_api.c: __tcf_qdisc_find() — null for a shared block. */
export function findQdisc(state: State, { ifindex, parent }: TcRequest): { q: Qdisc | null; parent: number } {
  if (ifindex === MAGIC_BLOCK) return { q: null, parent };
  const device = state.device(ifindex);
  const q = parent === 0 ? device.root : device.lookup(majorOf(parent));
  // dev->qdisc is never null: noop, which has no classes, stands in.
  if (q === null && parent !== 0)
    throw new KernelError(Errno.EINVAL, "Parent Qdisc doesn't exists", 'qdisc-not-found', 'parent');
  if (q === null || !q.kind.classful)
    throw new KernelError(Errno.EINVAL, 'Qdisc not classful', 'not-classful', 'parent');
  if (q.kind.filters === 'none')
    throw new KernelError(Errno.EOPNOTSUPP, "Class doesn't support blocks", 'takes-no-filters', 'parent');
  return { q, parent: parent === 0 ? q.handle : parent };
}

/** __tcf_qdisc_cl_find() and __tcf_block_find() */
export function findBlock(state: State, q: Qdisc | null, parent: number): FilterPlace {
  if (q === null) {
    const block = state.sharedBlock(parent);
    if (block === null)
      throw new KernelError(Errno.EINVAL, 'Block of given index was not found', 'block-not-found', 'block');
    return { q, parent, block };
  }
  if (tcMinor(parent) !== 0 && !q.has(parent))
    throw new KernelError(Errno.ENOENT, "Specified class doesn't exist", 'class-not-found', 'parent');
  const block = q.blockAt(parent);
  if (block === null) throw new KernelError(Errno.EINVAL, q.kind.filterError, 'class-takes-no-filters', 'parent');
  if (block.shared) {
    throw new KernelError(
      Errno.EOPNOTSUPP,
      'This filter block is shared. Please use the block index to manipulate the filters',
      'block-shared',
      'parent',
    );
  }
  return { q, parent, block };
}
