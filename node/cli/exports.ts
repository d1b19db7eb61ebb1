import { packetEnds } from '../../src/api/index.ts';
import { type Frame, PcapngWriter, PcapWriter, type Sink } from '../../src/capture/index.ts';
import { counted, encodeUtf8, escapeText, getClassid } from '../../src/lang/index.ts';
import { endText } from '../../src/report/index.ts';
import type { Run } from '../../src/run.ts';
import { classText } from '../../src/u32.ts';
import { writeAtomically } from '../write.ts';
import { caretInValue } from './caret.ts';
import type { ClassifyFlags } from './commands/classify.ts';
import { CommandLineError, FailedError } from './errors.ts';
import { say } from './output.ts';

/** LINKTYPE_ETHERNET: of a file without packets. */
const ETHERNET = 1;

/** A file that packets go to while it is written. */
interface Export {
  readonly path: string;
  begin(sink: Sink): void;
  take(frame: Frame): void;
  finish(): void;
}

/** `classify --export FILE` and `--export-class ID=FILE`: the packets as they were captured, by what the run found. */
export class Exports {
  private readonly files: readonly Export[];

  /** Throws CommandLineError. */
  constructor({ export: all, exportClass = [] }: Pick<ClassifyFlags, 'export' | 'exportClass'>, run: Run) {
    this.files = [
      ...(all === undefined ? [] : [new Commented(all, run)]),
      ...exportClass.map((typed) => new OneClass(typed, run)),
    ];
  }

  get paths(): readonly string[] {
    return this.files.map(({ path }) => path);
  }

  /** The frame that the run saw last. */
  take(frame: Frame): void {
    for (const file of this.files) file.take(frame);
  }

  get wanted(): boolean {
    return this.files.length > 0;
  }

  /** Does `work` while the files are written: each whole, or none if it fails or `isWorth` says so of its result. */
  written<T>(work: () => Promise<T>, isWorth: (result: T) => boolean): Promise<T> {
    const during = (file: Export, inner: () => Promise<T>): Promise<T> =>
      writeAtomically(file.path, async (sink, keepOld) => {
        file.begin(sink);
        const result = await inner();
        if (isWorth(result)) file.finish();
        else keepOld();
        return result;
      });
    return this.files.reduce<() => Promise<T>>((inner, file) => () => during(file, inner), work)();
  }
}

/** All packets in one pcapng file, an interface for each link type. */
class Commented implements Export {
  readonly path: string;
  private readonly run: Run;
  private writer: PcapngWriter | null = null;
  /** Of the file, by link type. */
  private readonly interfaces = new Map<number, number>();

  constructor(path: string, run: Run) {
    this.path = path;
    this.run = run;
  }

  begin(sink: Sink): void {
    this.writer = new PcapngWriter([], sink);
  }

  take(frame: Frame): void {
    const { writer, interfaces } = this;
    if (writer === null) return;
    const { linkType } = frame;
    const on = interfaces.get(linkType) ?? writer.describe({ linkType, snapLength: 0, name: '' });
    interfaces.set(linkType, on);
    writer.write(frame, on, encodeUtf8(comment(this.run, frame)));
  }

  finish(): void {
    this.writer?.finish();
    noteMoved(this.path, this.writer, 2554);
  }
}

/**
 * `class 1:6b`, or why there is none; where a tree was walked, the packet's end; who sent it to whom, and where it was
 * captured.
 */
function comment(run: Run, frame: Frame): string {
  const { reason, classid, journey, file } = run;
  const found = reason === null ? `class ${classText(classid)}` : `no class: ${reason}`;
  const where = [file === '-' ? '' : file, frame.interface.name].filter((name) => name !== '').join(' ');
  return [found, ...(journey === null ? [] : [endText(journey.fate)]), endsText(run), where]
    .filter((part) => part !== '')
    .join('; ');
}

/** `tcp 192.168.0.1:51514 > 1.1.1.1:443`; '' of what is no IP packet. */
function endsText(run: Run): string {
  const { protocol = '', src = '', srcPort, dst = '', dstPort } = packetEnds(run);
  if (protocol === '') return '';
  const end = (address: string, port: number | undefined): string => {
    if (port === undefined) return address;
    return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  };
  return `${protocol} ${end(src, srcPort)} > ${end(dst, dstPort)}`;
}

/** The packets of one class in a pcap file. */
class OneClass implements Export {
  readonly path: string;
  private readonly run: Run;
  private readonly classid: number;
  private sink: Sink | null = null;
  private writer: PcapWriter | null = null;
  private linkType = ETHERNET;

  constructor(typed: string, run: Run) {
    const [, id = '', path = ''] = /^([0-9a-f]+:[0-9a-f]+)=(.+)$/i.exec(typed) ?? [];
    const classid = getClassid(id);
    if (path === '' || classid === undefined) {
      throw new CommandLineError(
        '--export-class: expected ID=FILE, as 1:6b=FILE',
        caretInValue('--export-class', typed, -1),
      );
    }
    this.path = path;
    this.classid = classid;
    this.run = run;
  }

  begin(sink: Sink): void {
    this.sink = sink;
  }

  take(frame: Frame): void {
    const { reason, classid } = this.run;
    if (reason !== null || classid !== this.classid) return;
    if (this.writer === null) this.open(frame.linkType);
    if (frame.linkType !== this.linkType) {
      throw new FailedError(`${this.path}: packets of two link types, and pcap holds one: --export takes them all`);
    }
    this.writer?.write(frame);
  }

  finish(): void {
    if (this.writer === null) this.open(ETHERNET);
    this.writer?.finish();
    noteMoved(this.path, this.writer, 2106);
  }

  /** The link type stands at the beginning of the file: that of its first packet. */
  private open(linkType: number): void {
    if (this.sink === null) return;
    this.linkType = linkType;
    this.writer = new PcapWriter({ linkType }, this.sink);
  }
}

/** A file that holds other times than the capture says so. */
export function noteMoved(path: string, writer: { readonly moved: number } | null, last: number): void {
  if (writer === null || writer.moved === 0) return;
  const packets = counted(writer.moved, 'packet');
  say(
    `cls-flow: note: ${escapeText(path)}: ${packets} from before 1970 or after ${last}, which its format cannot hold: written with the nearest time`,
  );
}
