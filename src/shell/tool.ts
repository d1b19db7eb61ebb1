import type { SimulatedWord, SourcePlace } from './simulated.ts';

/** What a program answers. */
export interface ToolAnswer {
  readonly stdout?: string;
  readonly stderr?: string;
  /** Default: 0. */
  readonly exit?: number;
  /** The answer rests on an assumption about the machine; in words, as `dev eth0`. It is listed for the user. */
  readonly assumed?: string;
  /** Nobody knows what it prints: its output is an unknown value, in words why. tc lines that hold it are unchecked. */
  readonly unknown?: string;
}

/** One call of a program. */
export interface ToolCall {
  /** Name without its folder. */
  readonly name: string;
  /** What follows the name. */
  readonly args: readonly string[];
  /** The same with where each is written. */
  readonly words: readonly SimulatedWord[];
  readonly stdin: string;
  /** Namespace that the call is made in; empty: the first. */
  readonly netns: string;
  readonly place: SourcePlace;
  /** A variable of the shell's environment. */
  readonly env: (name: string) => string | undefined;
  readonly files: ShellFiles;
}

/** A program that is stood in for. It may keep what it was told in `machine`. */
export type Tool = (call: ToolCall, machine: Machine) => ToolAnswer | Promise<ToolAnswer>;

/** Files as the script sees them: what it wrote itself, then what the user gave, then the script's own folder. */
export interface ShellFiles {
  /** undefined: there is none, or nobody knows. A relative path is taken from the current folder. */
  read(path: string): string | undefined;
  write(path: string, text: string): void;
  append(path: string, text: string): void;
  remove(path: string): void;
  /** `known`: the script made or removed it, or the user gave it; otherwise the answer is an assumption. */
  is(path: string): { readonly kind: 'file' | 'folder' | null; readonly known: boolean };
  /** Names in a folder. */
  list(path: string): readonly string[];
}

/** tc's own answers: from an emulated kernel, one for each namespace. */
export interface TcAnswers {
  /** One tc command (the words behind `tc`, options included), not a batch. */
  tc(
    words: readonly string[],
    netns: string,
  ): { readonly exit: number; readonly stdout: string; readonly stderr: string };
}

/** The host that the script is taken to run on. */
export interface Machine {
  readonly answers: TcAnswers;
  /** The Ethernet device that is there when nothing else is known. */
  readonly device: string;
  /** Links that the script made or changed, by namespace and name; what is not here is as a usual host has it. */
  readonly links: Map<string, Link>;
}

/** A network device, as far as scripts change it. */
export interface Link {
  readonly name: string;
  readonly kind: string;
  readonly isUp: boolean;
  readonly mtu: number;
}
