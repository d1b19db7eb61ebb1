import { NONE } from '../kernel/index.ts';
import { getClassid } from '../lang/index.ts';
import { type End, endText } from '../report/index.ts';
import type { Run } from '../run.ts';
import { classText } from '../u32.ts';

/** Numbers for what becomes of packets: a class, or why there is none. */
export class Outcomes {
  private readonly texts: string[] = [];
  private readonly numbers = new Map<string | number, number>();

  get count(): number {
    return this.texts.length;
  }

  /** `what`: a class id, or a text. */
  number(what: string | number): number {
    const known = this.numbers.get(what);
    if (known !== undefined) return known;
    this.texts.push(typeof what === 'number' ? classText(what) : what);
    this.numbers.set(what, this.texts.length - 1);
    return this.texts.length - 1;
  }

  text(number: number): string {
    return this.texts[number] ?? '';
  }

  /** The numbers of those that are classes. */
  classes(): ReadonlySet<number> {
    return new Set([...this.numbers].flatMap(([what, number]) => (typeof what === 'number' ? [number] : [])));
  }
}

/** The outcome of a run's last packet: where its way ended, if a tree was walked; else the class that the filters gave. */
export class LastOutcome {
  private readonly run: Run;
  private readonly outcomes: Outcomes;
  /** Outcomes by the number of an end; null: the class id or the reason of the packet decides. They hold as long as `ends`. */
  private byEnd: (number | null)[] = [];
  private ends: Run['kernel']['netns']['ends'];

  constructor(run: Run, outcomes: Outcomes) {
    this.run = run;
    this.outcomes = outcomes;
    this.ends = run.kernel.netns.ends;
  }

  get number(): number {
    const { run, outcomes } = this;
    const at = run.end === NONE ? null : this.ofEnd(run.end);
    return at ?? outcomes.number(run.reason ?? run.classid);
  }

  private ofEnd(end: number): number | null {
    const { ends } = this.run.kernel.netns;
    if (ends !== this.ends) {
      this.ends = ends;
      this.byEnd = [];
    }
    const known = this.byEnd[end];
    if (known !== undefined) return known;
    const what = outcomeOf(ends.names(end));
    const outcome = what === null ? null : this.outcomes.number(what);
    this.byEnd[end] = outcome;
    return outcome;
  }
}

/**
 * The class that the leaf hangs on, or the end in words. null: what the filters gave says more, which is a bucket, the
 * class of a packet that only comes by, or the filter that nobody can evaluate.
 */
function outcomeOf(end: End): string | number | null {
  const { fate, bucketBy } = end;
  if (bucketBy === 'filter' || fate === 'passed' || fate === 'unknowable') return null;
  if (fate === 'queued' && end.class !== undefined) return getClassid(end.class) ?? end.class;
  return endText(end);
}
