import { FatalUsageError, strerror, UsageError } from '../errors.ts';
import { type NotModelled, Printer, strtoul, type Words } from '../lang/index.ts';
import { joinMessages, type Message, NLM_F, NLMSG, RTM, readAck, splitMessages } from '../netlink/index.ts';
import type { PacketSet, Talk } from '../sched/notation.ts';

/** Who answers tc: the emulated kernel, or a live one. */
export interface Transport {
  /** Sends one datagram; the datagrams that come back, in order. */
  request(datagram: Uint8Array): Uint8Array[];
  readonly links: Links;
  /** The sets that ipset ematches may name. */
  set?(key: string | number): PacketSet | null;
}

/** Names of network devices. */
export interface Links {
  /** 0: there is no such device. */
  index(name: string): number;
  name(index: number): string | null;
  /** Makes a device that is named first by a qdisc on it or by a filter, where whoever answers allows it; its index, or 0. */
  create?(name: string): number;
}

/** A word that a command took although it is not modelled here. */
export interface TakenWord extends NotModelled {
  /** Of a batch: the line that `word` is counted on. */
  readonly line?: number;
}

/** What tc was told before its command: -s, -d, -r, -j, -p … */
export interface TcOptions {
  statistics: boolean;
  details: boolean;
  raw: boolean;
  iec: boolean;
  numeric: boolean;
  brief: boolean;
  json: boolean;
  pretty: boolean;
  force: boolean;
  /** Repeat the JSON of tc 6.1.0, which is invalid where flow options are shown: for checking records only. */
  oldJson: boolean;
}

export const NO_OPTIONS: TcOptions = {
  statistics: false,
  details: false,
  raw: false,
  iec: false,
  numeric: false,
  brief: false,
  json: false,
  pretty: false,
  force: false,
  oldJson: false,
};

/** What `tc actions add` and `flush` exit with when they are refused. */
const ACTION_STATUS: ReadonlyMap<number, number> = new Map([
  [RTM.NEWACTION, 255],
  [RTM.DELACTION, 1],
]);

/** Ends the command with this exit status; everything to be said has been said. */
export class Exit extends Error {
  override readonly name = 'Exit';
  readonly status: number;
  constructor(status: number) {
    super(`exit ${status}`);
    this.status = status;
  }
}

/** tc's own trouble: it says this and exits with 255 (main() returns -1). */
export function giveUp(message: string, hint = '', word = -1): UsageError {
  return new UsageError(message, word, hint, 255);
}

/** iproute2 lib/utils.c: duparg() */
export function duplicate(keyword: string, word: string): UsageError {
  return new FatalUsageError(`Error: duplicate "${keyword}": "${word}" is the second value.`);
}

/** The word behind a keyword that may be given once; `given`: it was. */
export function takeOnce(words: Words, keyword: string, given: boolean): string {
  const word = words.next();
  if (given) throw duplicate(keyword, word);
  return word;
}

/** With the final null: longer names are cut. */
const IFNAMSIZ = 16;

/** iproute2 lib/ll_map.c: ll_idx_a2n() — a device that nobody knows is `if7` by its index (quirk 63); 0: no such name. */
function indexInName(name: string): number {
  const { value = 0n } = strtoul(name.startsWith('if') ? name.slice(2) : '', 10);
  return Number(BigInt.asUintN(32, value));
}

/**
 * One run of tc: its options, its netlink socket, and what it has printed. A batch is one run with many commands, so
 * what tc remembers between commands (quirk 50) is remembered here.
 */
export class TcProcess {
  readonly transport: Transport;
  readonly options: TcOptions;
  readonly pid: number;
  stdout = '';
  stderr = '';
  modelledOnly = false;
  /** What commands took that is not modelled; those that failed took nothing. */
  readonly notModelled: TakenWord[] = [];
  private seq: number;
  /** The words of the command that is going on. */
  private command: Words | null = null;

  /** `seq`: what tc starts counting from, the time in seconds. */
  constructor(transport: Transport, options: TcOptions, seq = 0, pid = 0) {
    this.transport = transport;
    this.options = options;
    this.seq = seq >>> 0;
    this.pid = pid;
  }

  /** One command from its first word to its end; `line` is its line of the batch. */
  run(words: Words, work: () => void, line?: number): void {
    this.command = words;
    work();
    const where = line === undefined ? {} : { line };
    this.notModelled.push(...words.notModelled.map((found) => ({ ...found, ...where })));
  }

  /** What parsers and printers of kinds ask of this process. */
  get words(): Talk {
    const { links } = this.transport;
    return {
      ifindex: (name) => links.index(name) || (links.create?.(name) ?? 0) || indexInName(name),
      mention: (name) => {
        if (links.index(name) === 0) links.create?.(name);
      },
      device: (index) => links.name(index),
      set: (key) => this.transport.set?.(key) ?? null,
      warn: (line) => this.say(`${line}\n`),
      show: { ...this.options, stats: this.options.statistics },
    };
  }

  say(text: string): void {
    this.stderr += text;
  }

  /** A printer in the style that -j and -p ask for; show() takes what it holds. */
  printer(): Printer {
    const { json, pretty, oldJson } = this.options;
    return new Printer(json ? (pretty ? 'pretty' : 'json') : 'text', oldJson);
  }

  /** new_json_obj() … delete_json_obj(): the array that all objects of one command's output stand in. */
  show(print: (out: Printer) => void): void {
    const out = this.printer();
    out.open('[');
    try {
      print(out);
    } finally {
      out.close();
      this.stdout += out.isJson ? `${out}\n` : out.toString();
    }
  }

  /** The device's index; tc's words if there is none. `create`: the command may be the first to name it. */
  index(word: string, create = false): number {
    const { links } = this.transport;
    const name = word.slice(0, IFNAMSIZ - 1);
    const index = links.index(name) || (create ? (links.create?.(name) ?? 0) : 0) || indexInName(name);
    if (index === 0) throw new UsageError(`Cannot find device "${name}"`, -1, '', 1, 'no-device');
    return index;
  }

  /** ll_index_to_name() */
  deviceName(index: number): string {
    return this.transport.links.name(index) ?? `if${index}`;
  }

  /**
   * iproute2 lib/libnetlink.c: rtnl_talk() — one request, and its answer if one is wanted. An error is told as tc tells
   * it and ends the command with status 2.
   */
  talk(type: number, flags: number, payload: Uint8Array, answered = false): Message | null {
    this.checkModelled();
    const request = NLM_F.REQUEST | flags | (answered ? 0 : NLM_F.ACK);
    for (const message of this.exchange(type, request, payload)) {
      if (message.type !== NLMSG.ERROR) {
        if (answered) return message;
        continue;
      }
      const { errno, extack } = readAck(message);
      if (extack.message) this.sayExtack(extack.message, errno);
      else if (errno !== 0) this.say(`RTNETLINK answers: ${strerror(errno)}\n`);
      if (errno !== 0) return this.refused(type);
      if (!answered) return null;
    }
    return null;
  }

  /** Where only what is modelled may be sent, its bytes are not known otherwise. */
  checkModelled(): void {
    const [found] = this.command?.notModelled ?? [];
    if (!this.modelledOnly || found === undefined) return;
    throw new UsageError(`cls-flow: ${found.why}, so the bytes of this command are not known`, found.word, '', 2);
  }

  /** Only filters, chains and actions add a line to what the kernel said. */
  private refused(type: number): never {
    const action = type >= RTM.NEWACTION && type <= RTM.GETACTION;
    if (action || type >= RTM.NEWTFILTER) this.say('We have an error talking to the kernel\n');
    throw new Exit(ACTION_STATUS.get(type) ?? 2);
  }

  /** rtnl_dump_filter(): every message of a dump; false if the kernel broke it off (told already). */
  dump(type: number, payload: Uint8Array, each: (message: Message) => void): boolean {
    for (const message of this.exchange(type, NLM_F.REQUEST | NLM_F.DUMP, payload)) {
      if (message.type === NLMSG.ERROR || message.type === NLMSG.DONE) return this.dumpEnded(message);
      each(message);
    }
    return true;
  }

  /** A dump of which every message is printed; if the kernel broke it off, the command ends with status 1. */
  list(type: number, payload: Uint8Array, print: (message: Message, out: Printer) => void): void {
    let whole = true;
    this.show((out) => {
      whole = this.dump(type, payload, (message) => print(message, out));
    });
    if (!whole) throw new Exit(1);
  }

  private dumpEnded(message: Message): boolean {
    const { errno, extack } = readAck(message);
    if (errno === 0) return true;
    if (extack.message) this.sayExtack(extack.message, errno);
    else if (errno === 90) this.say('Error: Buffer too small for object.\n');
    else if (errno !== 2 && errno !== 95) this.say(`RTNETLINK answers: ${strerror(errno)}\n`);
    this.say('Dump terminated\n');
    return false;
  }

  private *exchange(type: number, flags: number, payload: Uint8Array): Generator<Message> {
    this.seq = (this.seq + 1) >>> 0;
    const datagram = joinMessages([{ type, flags, seq: this.seq, pid: 0, payload }]);
    for (const reply of this.transport.request(datagram)) yield* splitMessages(reply);
  }

  /** nl_dump_ext_ack() */
  private sayExtack(text: string, errno: number): void {
    this.say(`${errno === 0 ? 'Warning' : 'Error'}: ${text}${text.endsWith('.') ? '' : '.'}\n`);
  }
}
