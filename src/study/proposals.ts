import { ADVISED } from '../sched/qdisc/index.ts';
import { bestKeys, type Cell, type Choice, TARGET } from './advise.ts';
import { type BucketSetup, setupCommands, targetsOf } from './buckets.ts';

/** A set-up that was weighed. */
export interface Proposal {
  /** Whose buckets or classes the filter gives. */
  readonly qdisc: string;
  /** The kind whose one class gives that qdisc the rate of the link; null: it is the root. */
  readonly shaper: string | null;
  /** `map key dst and 0x7ff divisor 2048`, without the base class. */
  readonly filter: string;
  readonly keys: string;
  readonly divisor: number;
  /** Classes that are made, those around and for the rest included; and commands altogether. */
  readonly classes: number;
  readonly commands: number;
  /** Mean share of the hosts that meet another one, and of those of the busiest second that meet one of them. */
  readonly sharing: number;
  readonly atOnce: number;
  /** Share of the hosts that meet one whatever the divisor. */
  readonly inherent: number;
  /** Whether the divisor adds less than TARGET; if not, it is the largest that is taken. */
  readonly enough: boolean;
}

/** What is asked for, besides the hosts. */
export interface Wanted {
  readonly dev: string;
  /** null: what suits best. */
  readonly kind: string | null;
  /** Bits per second; null: nobody gave it. */
  readonly rate: number | null;
  /** Classes at most. */
  readonly max: number;
  readonly tagged: boolean;
  /** Hosts of the busiest second. */
  readonly active: number;
}

/** Of a link whose rate nobody gave. */
const LINK = 100e6;
/** As many classes are few, however few hosts there are; more than four for each host are for nobody. */
const FEW_CLASSES = 256;
const PER_HOST = 4;
/** The class around the others, and the one for packets that no filter takes. */
const SPARE = 2;

type Layout = Pick<Proposal, 'qdisc' | 'shaper'>;

/** Buckets come before classes: they are there with one command, and serve whoever is active. */
function layoutsOf({ kind, rate }: Wanted): readonly Layout[] {
  if (kind !== null) return [{ qdisc: kind, shaper: null }];
  return rate === null
    ? [
        { qdisc: ADVISED.buckets, shaper: null },
        { qdisc: ADVISED.classes, shaper: null },
      ]
    : [
        { qdisc: ADVISED.buckets, shaper: ADVISED.shaper },
        { qdisc: ADVISED.shaper, shaper: null },
      ];
}

/** Buckets or classes that a layout may have: each class has to be made, and takes memory and time. */
export function mostOf(kind: string, subjects: number, max: number): number {
  const { class: words, most } = targetsOf(kind);
  // 65536 numbers from 1 on come to 0 (no carry), and no qdisc has a bucket of that number.
  if (words === null) return Math.min(most, 32_768);
  const useful = Math.max(FEW_CLASSES, 2 ** Math.ceil(Math.log2(Math.max(PER_HOST * subjects, 1))));
  return Math.min(most, max - SPARE, useful);
}

/**
 * The set-ups that keep hosts apart, the best first: those in which fewer hosts share (less than TARGET is as good as
 * none), then those with fewer commands, then again by sharing. None: nobody was seen, or nobody can be kept apart.
 */
export function weigh(choices: readonly Choice[], subjects: number, wanted: Wanted): Proposal[] {
  const found = layoutsOf(wanted).flatMap((layout) => {
    const most = mostOf(layout.qdisc, subjects, wanted.max);
    const choice = bestKeys(choices, subjects, most);
    if (choice === null) return [];
    const mapped = [choice, ...choices].find(({ map }) => map !== null && map.divisor <= most) ?? null;
    return [
      ...(mapped?.map ? [proposalOf(layout, mapped, { ...mapped.map, enough: true }, subjects, wanted)] : []),
      ...hashesOf(choice, subjects, wanted.active, most).map((hash) =>
        proposalOf(layout, choice, hash, subjects, wanted),
      ),
    ];
  });
  const excess = ({ sharing }: Proposal): number => (sharing < TARGET ? 0 : sharing);
  return found.sort((a, b) => excess(a) - excess(b) || a.commands - b.commands || a.sharing - b.sharing);
}

type Measured = Pick<Proposal, 'filter' | 'divisor' | 'sharing' | 'atOnce' | 'enough'>;

/** `measured` has hosts in place of shares. */
function proposalOf(
  layout: Layout,
  { keys, inherent }: Choice,
  { filter, divisor, sharing, atOnce, enough }: Measured,
  subjects: number,
  wanted: Wanted,
): Proposal {
  const lines = setupCommands(setupOf({ ...layout, keys, filter, divisor }, wanted));
  const classes = lines.filter((line) => line.startsWith('class ')).length;
  return {
    ...{ ...layout, filter, keys, divisor, classes, commands: lines.length },
    ...{ sharing: sharing / subjects, atOnce: wanted.active === 0 ? 0 : atOnce / wanted.active },
    ...{ inherent: inherent / subjects, enough },
  };
}

function hashesOf(choice: Choice, subjects: number, active: number, most: number): Measured[] {
  const cell = cellOf(choice, subjects, active, most);
  if (cell === null) return [];
  const { divisor, sharing, atOnce } = cell;
  const enough = addedBy(cell, choice, subjects) < TARGET;
  return [{ filter: `hash keys ${choice.keys} divisor ${divisor}`, divisor, sharing: sharing.mean, atOnce, enough }];
}

const addedBy = (cell: Cell, { inherent }: Choice, subjects: number): number =>
  (cell.sharing.mean - inherent) / subjects;

/**
 * The fewest buckets that add less than TARGET. Where there cannot be so many, they are enough if that holds of the hosts that
 * are active at once: others do not take from each other.
 */
function cellOf(choice: Choice, subjects: number, active: number, most: number): Cell | null {
  const allowed = choice.cells.filter(({ divisor }) => divisor <= most);
  return (
    allowed.find((cell) => addedBy(cell, choice, subjects) < TARGET) ??
    allowed.find(({ atOnce }) => atOnce < TARGET * active) ??
    allowed.at(-1) ??
    null
  );
}

/** The set-up of a proposal, for the functions that write commands. */
export function setupOf(
  { qdisc, shaper, keys, filter, divisor }: Pick<Proposal, 'qdisc' | 'shaper' | 'keys' | 'filter' | 'divisor'>,
  { dev, rate, tagged }: Pick<Wanted, 'dev' | 'rate' | 'tagged'>,
): BucketSetup {
  return { kind: qdisc, shaper, dev, keys, filter, divisor, link: rate ?? LINK, tagged };
}
