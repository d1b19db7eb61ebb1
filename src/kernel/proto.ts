import type { KernelClassifier } from '../sched/classifier/index.ts';
import type { Block, Proto } from './chain/index.ts';

/** A proto that requests made. */
export interface KernelProto extends Proto {
  readonly kind: string;
  /** Its number in the plan, once there is one. */
  number: number;
  readonly classifier: KernelClassifier;
}

export type FilterBlock = Block<KernelProto>;
