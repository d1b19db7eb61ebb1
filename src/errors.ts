/**
 * The four ways things go wrong, each with what a user needs to mend it. Nothing else is thrown on purpose.
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
  EOPNOTSUPP: 95,
} as const;
export type Errno = (typeof Errno)[keyof typeof Errno];

/** The emulated kernel refused a request: errno, and the extended acknowledgement's text if it gave one. */
export class KernelError extends Error {
  override readonly name = 'KernelError';
  readonly errno: Errno;
  /** The extack message, word for word; '' where the kernel says nothing. */
  readonly extack: string;
  constructor(errno: Errno, extack = '') {
    super(extack || `errno ${errno}`);
    this.errno = errno;
    this.extack = extack;
  }
}

/** Words that cannot be understood: which word (index into the words given), and tc's own sentence where tc has one. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** Index of the word the caret goes under; -1: none in particular. */
  readonly word: number;
  readonly hint: string;
  /** What tc exits with after saying this: 1 from a kind's own parser, 255 where it gives up at once. */
  readonly exit: number;
  constructor(message: string, word = -1, hint = '', exit = 1) {
    super(message);
    this.word = word;
    this.hint = hint;
    this.exit = exit;
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
