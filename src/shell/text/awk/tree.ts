/** What a program of awk is made of. */
export type Target =
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'element'; readonly name: string; readonly subscripts: readonly Expression[] }
  | { readonly type: 'field'; readonly number: Expression };

export type Expression =
  | Target
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'regex'; readonly source: string }
  | { readonly type: 'assign'; readonly operator: string; readonly target: Target; readonly value: Expression }
  | { readonly type: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'match'; readonly isNegated: boolean; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'in'; readonly name: string; readonly subscripts: readonly Expression[] }
  | { readonly type: 'unary'; readonly operator: string; readonly operand: Expression }
  | { readonly type: 'step'; readonly by: 1 | -1; readonly isPrefix: boolean; readonly target: Target }
  | { readonly type: 'condition'; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly type: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly type: 'builtin'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly type: 'getline'; readonly target: Target | null; readonly file: Expression | null }
  /** In brackets. More than one: what `print` or `in` is given. */
  | { readonly type: 'group'; readonly items: readonly Expression[] };

/** Where `print` prints: other files are not simulated. */
export type Output = 'stdout' | 'stderr' | 'null';

export type Statement =
  | { readonly type: 'block'; readonly body: readonly Statement[] }
  | { readonly type: 'expression'; readonly value: Expression }
  | {
      readonly type: 'print';
      readonly isFormatted: boolean;
      readonly args: readonly Expression[];
      readonly output: Output;
    }
  | { readonly type: 'if'; readonly test: Expression; readonly yes: Statement; readonly no: Statement | null }
  | { readonly type: 'while'; readonly test: Expression; readonly body: Statement }
  | { readonly type: 'do'; readonly test: Expression; readonly body: Statement }
  | {
      readonly type: 'for';
      readonly first: Statement | null;
      readonly test: Expression | null;
      readonly step: Statement | null;
      readonly body: Statement;
    }
  | { readonly type: 'each'; readonly name: string; readonly array: string; readonly body: Statement }
  | { readonly type: 'delete'; readonly name: string; readonly subscripts: readonly Expression[] | null }
  | { readonly type: 'exit' | 'return'; readonly value: Expression | null }
  | { readonly type: 'next' | 'break' | 'continue' };

export interface Rule {
  /** null: for each record. */
  readonly pattern: { readonly from: Expression; readonly to: Expression | null } | null;
  /** null: the record is printed. */
  readonly body: Statement | null;
}

export interface Definition {
  readonly parameters: readonly string[];
  readonly body: Statement;
}

export interface Program {
  readonly begin: readonly Statement[];
  readonly rules: readonly Rule[];
  readonly end: readonly Statement[];
  readonly functions: ReadonlyMap<string, Definition>;
}
