import type { Machine } from '../tool.ts';

/** What stands before ip's object. */
export interface IpOptions {
  family: 4 | 6 | null;
  oneline: boolean;
  json: boolean;
  brief: boolean;
  details: boolean;
  /** How often -s was given. */
  stats: number;
  force: boolean;
  /** null: the namespace of the call. */
  netns: string | null;
  batch: string | null;
  version: boolean;
}

/** One call of ip, its options read. */
export interface IpCall {
  readonly machine: Machine;
  readonly netns: string;
  readonly options: IpOptions;
  /** What follows the object. */
  readonly args: readonly string[];
}
