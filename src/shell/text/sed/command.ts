import type { Regex } from '../regex.ts';

export type Address =
  | { readonly type: 'line'; readonly number: number }
  | { readonly type: 'every'; readonly first: number; readonly step: number }
  | { readonly type: 'last' }
  | { readonly type: 'pattern'; readonly regex: Regex | null }
  /** So many lines more; or up to a multiple of it. */
  | { readonly type: 'more' | 'multiple'; readonly number: number };

/** A part of what `s` puts in. `case`: `U L u l E`. */
export type Part =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'group'; readonly number: number }
  | { readonly type: 'case'; readonly letter: string };

export interface Substitution {
  /** null: the pattern that was used last. */
  readonly regex: Regex | null;
  readonly parts: readonly Part[];
  readonly isGlobal: boolean;
  readonly isPrinted: boolean;
  /** The first match that is replaced, from 1. */
  readonly first: number;
}

export interface Command {
  readonly from: Address | null;
  readonly to: Address | null;
  readonly isNegated: boolean;
  readonly name: string;
  /** Of `a i c`, the label of `b t T`, the file of `r`. */
  readonly text: string;
  readonly exit: number;
  readonly body: readonly Command[];
  readonly substitution: Substitution | null;
  readonly characters: ReadonlyMap<string, string>;
}
