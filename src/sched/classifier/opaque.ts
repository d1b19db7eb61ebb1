import { strtoul } from '../../lang/index.ts';
import { type AttrWriter, TYPED, typedWords } from '../../netlink/index.ts';
import { Verdict } from '../../verdict.ts';
import {
  type ClassifierKind,
  type FilterChange,
  type FilterFacts,
  type KernelClassifier,
  type Kind,
  type Survey,
  TCA_OPTIONS,
} from './kind.ts';

/**
 * A kind that tc and the kernel have and that is not modelled here: its filters are there in their order, with their
 * words as typed, and of a packet that one is asked about nothing more can be said.
 */
export function opaque(kind: string): Kind {
  return {
    kind,
    speak(handle, words, w) {
      words.leaveOut(`filter kind "${kind}"`);
      if (!words.done) w.nest(TCA_OPTIONS, () => w.put(TYPED, words.takeRest()));
      return numberOf(handle);
    },
    print(handle, options, out) {
      if (handle !== 0) out.put('handle', handle, `handle 0x${handle.toString(16)} `);
      const typed = typedWords(options);
      if (typed !== null) out.put('words', typed, `${typed} `);
    },
    create: () => new OpaqueFilters(),
  };
}

/** A kind that tc has and no kernel of 6.1: tc takes any words, and the kernel does not get so far as to read them. */
export function retired(kind: string): ClassifierKind {
  return {
    kind,
    speak(handle, words) {
      words.takeRest();
      return numberOf(handle);
    },
    print: () => {},
  };
}

function numberOf(handle: string | null): number {
  return handle === null ? 0 : Number((strtoul(handle, 0).value ?? 0n) & 0xffffffffn);
}

/** Handles, and what the requests said. */
class OpaqueFilters implements KernelClassifier {
  readonly flow = null;
  /** TCA_OPTIONS by handle; null: the request had none. */
  private readonly known = new Map<number, Uint8Array | null>();

  classify(): Verdict {
    return Verdict.UNKNOWABLE;
  }

  has(handle: number): boolean {
    return this.known.has(handle);
  }

  change(handle: number, { options }: FilterChange): number {
    const made = handle || Math.max(0, ...this.known.keys()) + 1;
    this.known.set(made, options);
    return made;
  }

  delete(handle: number): boolean {
    this.known.delete(handle);
    return this.known.size === 0;
  }

  handles(): readonly number[] {
    return [...this.known.keys()];
  }

  dump(handle: number, w: AttrWriter): void {
    const options = this.known.get(handle);
    if (options !== undefined && options !== null) w.nest(TCA_OPTIONS, () => w.bytes(options));
  }

  destroy(): void {
    this.known.clear();
  }

  survey(): Survey[] {
    return [];
  }

  facts(): FilterFacts[] {
    return [];
  }
}
