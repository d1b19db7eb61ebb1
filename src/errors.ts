/**
 * The five ways things go wrong, each with what a user needs to mend it. Nothing else is thrown on purpose.
 * A short packet is not among them: dissection stops where the kernel stops.
 */

/** Errno numbers the kernel answers with here (include/uapi/asm-generic/errno*.h). */
export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENOSPC: 28,
  ERANGE: 34,
  EMSGSIZE: 90,
  EPROTONOSUPPORT: 93,
  EOPNOTSUPP: 95,
} as const;
export type Errno = (typeof Errno)[keyof typeof Errno];

const STRERROR: Readonly<Record<number, string>> = {
  1: 'Operation not permitted',
  2: 'No such file or directory',
  12: 'Cannot allocate memory',
  13: 'Permission denied',
  16: 'Device or resource busy',
  17: 'File exists',
  19: 'No such device',
  22: 'Invalid argument',
  28: 'No space left on device',
  34: 'Numerical result out of range',
  90: 'Message too long',
  93: 'Protocol not supported',
  95: 'Operation not supported',
};

/** The C library's words for an errno, as tc prints them. */
export function strerror(errno: number): string {
  return STRERROR[errno] ?? `Unknown error ${errno}`;
}

/**
 * Which rule of the kernel refused a request: programs compare this, people read the sentence. `invalid`: one of the
 * many rules about the values of attributes that nobody has to tell apart.
 */
export type RefusalCode =
  | 'invalid'
  | 'no-device'
  | 'qdisc-exists'
  | 'qdisc-not-found'
  | 'qdisc-other-kind'
  | 'qdisc-kind-unknown'
  | 'qdisc-moved'
  | 'not-classful'
  | 'takes-no-filters'
  | 'class-takes-no-filters'
  | 'class-exists'
  | 'class-not-found'
  | 'class-busy'
  | 'filter-exists'
  | 'filter-not-found'
  | 'filter-other-kind'
  | 'filter-other-protocol'
  | 'filter-kind-unknown'
  | 'filter-create-flag'
  | 'chain-exists'
  | 'chain-not-found'
  | 'block-not-found'
  | 'block-shared'
  | 'needs-handle'
  | 'needs-keys'
  | 'needs-baseclass'
  | 'needs-mark'
  | 'one-key'
  | 'power-of-two'
  | 'perturb-of-map'
  | 'baseclass-minor'
  | 'rshift-range'
  | 'user-namespace'
  | 'action-exists'
  | 'action-busy'
  | 'bands-range'
  | 'buckets-range'
  | 'burst-zero'
  | 'class-depth'
  | 'class-is-inner'
  | 'flows-range'
  | 'limit-range'
  | 'needs-curve'
  | 'no-offload'
  | 'other-major'
  | 'own-classes'
  | 'peakrate-low'
  | 'priomap-range'
  | 'quantum-range'
  | 'rate-zero'
  | 'red-thresholds'
  | 'weight-sum';

/** The emulated kernel refused a request: errno, and the extended acknowledgement's text if it gave one. */
export class KernelError extends Error {
  override readonly name = 'KernelError';
  readonly errno: Errno;
  /** The extack message, word for word; '' where the kernel says nothing. */
  readonly extack: string;
  readonly code: RefusalCode;
  /** The attribute that the rule is about, by the name that the request's table gives it; null: the request as a whole. */
  readonly attribute: string | null;
  constructor(errno: Errno, extack = '', code: RefusalCode = 'invalid', attribute: string | null = null) {
    super(extack || `errno ${errno}`);
    this.errno = errno;
    this.extack = extack;
    this.code = code;
    this.attribute = attribute;
  }
}

/** Which rule of tc refused words, for those that somebody tells apart; null: any other. */
export type UsageCode = 'no-device' | 'illegal-addend';

/** Words that cannot be understood: which word (index into the words given), and tc's own sentence where tc has one. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** Index of the word the caret goes under; -1: none in particular. */
  readonly word: number;
  readonly hint: string;
  /** What tc exits with after saying this: 1 from a kind's own parser, 255 where it gives up at once. */
  readonly exit: number;
  readonly code: UsageCode | null;
  constructor(message: string, word = -1, hint = '', exit = 1, code: UsageCode | null = null) {
    super(message);
    this.word = word;
    this.hint = hint;
    this.exit = exit;
    this.code = code;
  }
}

/** A UsageError at which tc does not return but exits, so that it ends a whole batch (quirk 51). */
export class FatalUsageError extends UsageError {
  constructor(message: string, word = -1, exit = 255, hint = '') {
    super(message, word, hint, exit);
  }
}

/** Bytes that are not what their format promises: the offset in the (decompressed) file, and what was expected there. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** Input larger than a stated bound (block, record, decompressed size or ratio), refused while reading. */
export class LimitError extends FormatError {}

/** A value that a caller of the library gave and that is not what the function takes. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
  /** The argument, and what of it: `frame.end`, `options.filters[2].spec`. */
  readonly field: string;
  /** What is wrong with it. */
  readonly problem: string;
  constructor(field: string, problem: string) {
    super(`${field}: ${problem}`);
    this.field = field;
    this.problem = problem;
  }
}
