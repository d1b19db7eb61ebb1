import { ArgumentError, FormatError, KernelError, UsageError } from '../errors.ts';

/** What reads a field may throw. */
type Reason = UsageError | KernelError | FormatError;

export interface QuestionErrorOptions {
  /** Index of the word that it is about; -1: none in particular. */
  readonly word?: number;
  readonly hint?: string;
  readonly reason?: Reason | null;
}

/** What is wrong with a question, and in which field: `filters[0]`, `metadata.some[2]`; '' means the whole. */
export class QuestionError extends ArgumentError {
  /** Index of the word in the field that it is about; -1: none in particular. */
  readonly word: number;
  readonly hint: string;
  /** What the parser of the field or the emulated kernel threw; null: the field is of the wrong type or range. */
  readonly reason: Reason | null;
  constructor(field: string, problem: string, { word = -1, hint = '', reason = null }: QuestionErrorOptions = {}) {
    super(field, problem);
    if (field === '') this.message = problem;
    this.word = word;
    this.hint = hint;
    this.reason = reason;
  }

  /** The same, of another field: of that of a larger question, say. */
  about(field: string): QuestionError {
    const { problem, word, hint, reason } = this;
    return new QuestionError(field, problem, { word, hint, reason });
  }
}

/** Does what reads a field, and names the field in what it throws. */
export function inField<T>(field: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof QuestionError || !isReason(error)) throw error;
    const { word, hint } = error instanceof UsageError ? error : { word: -1, hint: '' };
    throw new QuestionError(field, error.message, { word, hint, reason: error });
  }
}

const isReason = (error: unknown): error is Reason =>
  error instanceof UsageError || error instanceof KernelError || error instanceof FormatError;
