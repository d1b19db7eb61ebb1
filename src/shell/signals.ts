import type { SourcePlace } from './simulated.ts';

/** `exit`: ends the shell. */
export class ExitSignal {
  readonly status: number;
  /** Where `exit` is written; null: something else ends the shell. */
  readonly place: SourcePlace | null;

  constructor(status: number, place: SourcePlace | null = null) {
    this.status = status;
    this.place = place;
  }
}

/** `return`: ends a function or a sourced file. */
export class ReturnSignal {
  readonly status: number;

  constructor(status: number) {
    this.status = status;
  }
}

/** `break` and `continue`: of how many loops. */
export class LoopSignal {
  readonly kind: 'break' | 'continue';
  readonly levels: number;

  constructor(kind: 'break' | 'continue', levels: number) {
    this.kind = kind;
    this.levels = levels;
  }
}

/** A limit was reached, or the run was cancelled: all of it ends. */
export class StopSignal {
  readonly place: SourcePlace;
  readonly why: string;

  constructor(place: SourcePlace, why: string) {
    this.place = place;
    this.why = why;
  }
}

/** The command at hand cannot be run; the script goes on behind it, as bash does after an error in an expansion. */
export class ShellError extends Error {
  override readonly name = 'ShellError';
}

/** Something that bash does and we do not: it is unchecked, and the script goes on behind it. */
export class NotSimulated extends Error {
  override readonly name = 'NotSimulated';
  readonly place: SourcePlace;

  constructor(why: string, place: SourcePlace) {
    super(why);
    this.place = place;
  }
}
