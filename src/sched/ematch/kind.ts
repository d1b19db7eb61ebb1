import type { Env } from '../../env.ts';
import { Errno, KernelError } from '../../errors.ts';
import { type AttrWriter, bytes, type Codec, type Draw, encode, type Fixed } from '../../netlink/index.ts';
import type { Match, Notation, Scope, World } from '../notation.ts';
import type { Args } from './args.ts';
import type { FieldTest } from './field-test.ts';

/**
 * One kind of ematch: struct tcf_ematch_ops and tc's struct ematch_util. Built when a filter changes, run for every
 * packet. Its words stand in parentheses, so its speak() gets them as Args, and all of them.
 */
export interface EmatchKind<T> extends Omit<Notation<T>, 'speak' | 'print'> {
  /** TCF_EM_*: its number in messages. */
  readonly id: number;
  /** Shown below a refusal of its arguments. */
  readonly usage: string;
  /** Writes the data behind struct tcf_ematch_hdr. Throws ArgsError in tc's words. */
  speak(args: Args, w: AttrWriter, world: World): void;
  /** Writes what tc prints between the parentheses; false: tc gives up here, in the middle of its text. */
  print(value: T, write: (text: string) => void, world: World): boolean;
  scope(value: T): Scope;
  /** ops->change(), then ops->match() as a function. Throws KernelError. */
  compile(value: T, world: World, env: Env): Match;
  /** The same as data, for kinds that compare one number of the packet; null: this value does not. */
  test?(value: T): FieldTest | null;
}

/** A kind with its value's type closed in: what lists hold. Works on the data's bytes. */
export interface Ematch extends Pick<EmatchKind<unknown>, 'kind' | 'id' | 'usage' | 'speak'> {
  /** Throws KernelError: EINVAL where the data is too short. */
  build(data: Uint8Array, world: World, env: Env): { readonly match: Match; readonly scope: Scope };
  /** The data as the kernel dumps it, once build() took it. */
  dump(data: Uint8Array, w: AttrWriter): void;
  /** What build() made, as data; null: it compares no number. */
  test(data: Uint8Array): FieldTest | null;
  print(data: Uint8Array, write: (text: string) => void, world: World): boolean;
  /** Random data. */
  sample(draw: Draw): Uint8Array;
}

export function ematch<T>(kind: EmatchKind<T>): Ematch {
  const { codec } = kind;
  const read = (data: Uint8Array): T => {
    if (!codec.fits(data.length)) throw new KernelError(Errno.EINVAL);
    return codec.read(data, 0, data.length);
  };
  return {
    kind: kind.kind,
    id: kind.id,
    usage: kind.usage,
    speak: (args, w, world) => kind.speak(args, w, world),
    build(data, world, env) {
      const value = read(data);
      return { match: kind.compile(value, world, env), scope: kind.scope(value) };
    },
    dump: (data, w) => kind.dump(read(data), w),
    test: (data) => kind.test?.(read(data)) ?? null,
    print: (data, write, world) =>
      codec.fits(data.length) && kind.print(codec.read(data, 0, data.length), write, world),
    sample: (draw) => encode(codec, codec.sample(draw)),
  };
}

/** A struct, and what stands behind it, which the kernel keeps although nobody reads it. */
export function withRest<T extends object>(fixed: Fixed<T>): Codec<T & { readonly rest: Uint8Array }> {
  return {
    fits: fixed.fits,
    read: (data, at, end) => ({ ...fixed.read(data, at, end), rest: bytes.read(data, at + fixed.size, end) }),
    write(value, w) {
      fixed.write(value, w);
      w.bytes(value.rest);
    },
    show: (value) => ({ ...(fixed.show(value) as object), rest: bytes.show(value.rest) }),
    sample: (draw) => ({ ...fixed.sample(draw), rest: Uint8Array.from({ length: 4 * draw(2) }, () => draw(256)) }),
  };
}

export const NO_REST: Uint8Array = new Uint8Array(0);
