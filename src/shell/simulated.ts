/** A range of a file's text. Lines and columns are counted from 1, in UTF-16 units; the end is behind the last character. */
export interface SourcePlace {
  /** Name of the file, as the user would type it. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** The same as offsets in the file's text. */
  readonly from: number;
  readonly to: number;
}

/** One word of a command as it was run, and what it was made of. */
export interface SimulatedWord {
  readonly text: string;
  /** Where the word that it came from is written; null: it was made otherwise (by `read`, `xargs`, a file). */
  readonly place: SourcePlace | null;
  /** The word is written there itself, quotes aside: it may be edited. False where a variable or a command made it. */
  readonly literal: boolean;
}

/** The value that a loop's variable had. */
export interface LoopValue {
  readonly name: string;
  readonly value: string;
}

/** A command of a tool that sets the network up, as the script gave it: tc, ip, iptables, … */
export interface SimulatedCommand {
  /** Name without its folder. */
  readonly tool: string;
  /** Network namespace (`ip netns exec`, `tc -n`, `ip -n`); empty: the one that the script is started in. */
  readonly netns: string;
  /** What follows the tool's name, without options before the object that only choose a namespace or the output. */
  readonly words: readonly SimulatedWord[];
  /** The shell's command, or the line of a batch, that it comes from: where its own words are written. */
  readonly place: SourcePlace;
  /** What the loops around it were at, the outermost first. */
  readonly loops: readonly LoopValue[];
  /** A failure is expected: behind `if` or `!`, before `||`, or its messages go to /dev/null. */
  readonly mayFail: boolean;
  readonly exit: number;
  /** What it read: the rules of `iptables-restore` and `nft -f`, the lines of `ipset restore`. */
  readonly input?: string;
}

/** A question that was answered by assumption, and what was assumed. */
export interface ShellAssumption {
  readonly place: SourcePlace;
  /** As `[ -f /etc/sqm.conf ]` or `ip route get 8.8.8.8`. */
  readonly question: string;
  /** As `no` or `dev eth0`. */
  readonly answer: string;
}

/** What could not be run or judged, and why. */
export interface UncheckedPlace {
  readonly place: SourcePlace;
  readonly why: string;
}

/** Where a script ends before its end. What stands behind it is judged all the same, but for a limit. */
export interface EarlyEnd extends UncheckedPlace {
  /** `exit`: `set -e` or an unset variable ends it in reality; `limit`: we stopped; `syntax`: the shell cannot read on. */
  readonly kind: 'exit' | 'limit' | 'syntax';
  /** How many commands were run before. */
  readonly commands: number;
  /** Of an `exit`: its status. */
  readonly status?: number;
  /** Of an `exit`: the variable that has no value. */
  readonly variable?: string;
}

/** What a script does, as far as that can be told without running it. */
export interface Simulated {
  /** The texts that were read, by name: the script first, then sourced files. */
  readonly texts: ReadonlyMap<string, string>;
  /** In the order in which they are run. */
  readonly commands: readonly SimulatedCommand[];
  readonly assumptions: readonly ShellAssumption[];
  /** tc commands that were not run: their words are not known, or the shell's words are not simulated. */
  readonly unchecked: readonly UncheckedPlace[];
  /** Commands of tc in the texts that the run did not come to: `stop)`, a function that nobody calls. */
  readonly unreached: readonly SourcePlace[];
  /** null: it runs to its end. */
  readonly ended: EarlyEnd | null;
  /** An `exit` that ended the script; null: it ran to its last line. */
  readonly exit: { readonly status: number; readonly place: SourcePlace } | null;
  /** What it writes to its terminal, as far as that is known: the first characters, not escaped. */
  readonly said: string;
  /** Besides: words that dash lacks, other tools that were passed over. */
  readonly notes: readonly UncheckedPlace[];
  /** The arguments of the run; `start` where the script did nothing without one. */
  readonly args: readonly string[];
  /** No arguments were given, and `start` was tried. */
  readonly triedStart: boolean;
}
