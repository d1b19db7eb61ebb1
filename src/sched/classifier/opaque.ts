import { strtoul } from '../../lang/index.ts';
import type { AttrWriter } from '../../netlink/index.ts';
import { Verdict } from '../../verdict.ts';
import type { FilterChange, FilterFacts, KernelClassifier, Kind, Survey } from './kind.ts';

/**
 * A kind that tc and the kernel have and that cannot be emulated here: its filters are there in their order, and of a
 * packet that one is asked about nothing more can be said.
 */
export function opaque(kind: string): Kind {
  return {
    kind,
    speak(handle, words) {
      while (!words.done) words.next();
      return handle === null ? 0 : Number((strtoul(handle, 0).value ?? 0n) & 0xffffffffn);
    },
    print: () => {},
    create: () => new OpaqueFilters(),
  };
}

/** Handles only. */
class OpaqueFilters implements KernelClassifier {
  readonly flow = null;
  readonly opaque = true;
  private readonly known: number[] = [];

  /** Ends the search: whoever asked must look at `opaque` before believing this. */
  classify(): Verdict {
    return Verdict.SHOT;
  }

  has(handle: number): boolean {
    return this.known.includes(handle);
  }

  change(handle: number, _request: FilterChange): number {
    if (this.has(handle)) return handle;
    const made = handle || Math.max(0, ...this.known) + 1;
    this.known.push(made);
    return made;
  }

  delete(handle: number): boolean {
    this.known.splice(this.known.indexOf(handle), 1);
    return this.known.length === 0;
  }

  handles(): readonly number[] {
    return this.known;
  }

  dump(_handle: number, _w: AttrWriter): void {}

  destroy(): void {
    this.known.length = 0;
  }

  survey(): Survey[] {
    return [];
  }

  facts(): FilterFacts[] {
    return [];
  }
}
