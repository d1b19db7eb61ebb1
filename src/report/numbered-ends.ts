import type { End, EndNumbers } from './fates.ts';

/** What became of a packet, besides its class. */
export interface IndexedEnd extends Partial<End> {
  /** Why it has no class; absent where it has one. */
  readonly reason?: string;
}

/** Numbers for the ends of packets that hold for a whole run: names by number, each once. */
export class NumberedEnds {
  readonly rows: IndexedEnd[] = [];
  private readonly numbers: EndNumbers;
  private ends: EndNumbers['ends'];
  private readonly byName = new Map<string, number>();
  /** By reason, then by the number of the end, as long as those hold; in front the number of no end at all. */
  private readonly known = new Map<string | null, number[]>();

  constructor(numbers: EndNumbers) {
    this.numbers = numbers;
    this.ends = numbers.ends;
  }

  /** `end`: the number that a walk gave; below 0: none. null: neither end nor reason. */
  of(end: number, reason: string | null): number | null {
    if (end < 0 && reason === null) return null;
    if (this.numbers.ends !== this.ends) this.forget();
    let numbers = this.known.get(reason);
    if (numbers === undefined) {
      numbers = [];
      this.known.set(reason, numbers);
    }
    const at = end < 0 ? 0 : end + 1;
    numbers[at] ??= this.named({
      ...(end < 0 ? {} : this.ends.names(end)),
      ...(reason === null ? {} : { reason }),
    });
    return numbers[at];
  }

  private named(row: IndexedEnd): number {
    const name = JSON.stringify(row);
    const number = this.byName.get(name) ?? this.rows.push(row) - 1;
    this.byName.set(name, number);
    return number;
  }

  private forget(): void {
    this.known.clear();
    this.ends = this.numbers.ends;
  }
}
