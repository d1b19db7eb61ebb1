import type { Frame } from '../capture/index.ts';
import { UsageError } from '../errors.ts';
import type { Fated, Journey } from '../kernel/index.ts';
import { type Address, getClassid, parseAddress } from '../lang/index.ts';
import { AddrType, FlowKeys, ipProtocol } from '../packet/index.ts';
import { endText } from '../report/index.ts';
import type { Run } from '../run.ts';
import { classText, word } from '../u32.ts';

/** What an expectation calls the ends of the walk. Packets that are taken, redirected or unknowable have no word. */
const ENDS = {
  shaped: ['queued'],
  direct: ['direct'],
  dropped: ['dropped'],
  passed: ['passed', 'sent'],
} as const satisfies Readonly<Record<string, readonly Fated[]>>;

export type ExpectedEnd = keyof typeof ENDS;

/** An address, and a port if one was given. */
interface Endpoint {
  readonly address: Address;
  readonly port: number | null;
}

/** One line: all packets from here (and to there) end so. */
export interface Expectation {
  /** IP protocol number; null: any. */
  readonly protocol: number | null;
  readonly source: Endpoint;
  readonly destination: Endpoint | null;
  readonly classid: number | null;
  /** null: only the class counts. */
  readonly end: ExpectedEnd | null;
}

/** How an expectation was not met. */
export interface Unmet {
  /** Index of the expectation. */
  readonly index: number;
  readonly expected: string;
  /** Packets that it is about; 0: there were none, which is a failure too. */
  readonly packets: number;
  readonly failed: number;
  /** The first that ended otherwise, and how; null: there were none. */
  readonly first: { readonly packet: number; readonly happened: string } | null;
}

const FORM = '[PROTO] ADDR[:PORT] -> ADDR[:PORT] WORD, or [PROTO] ADDR[:PORT] -> CLASSID [WORD]';
const ARROW = '->';
const PORT_MAX = 65535;

/**
 * Reads one line; null: it is blank or a comment. `tree`: whether the walk goes on to where packets end, as the words
 * for that need. Throws UsageError; its word counts what white space separates.
 */
export function parseExpectation(line: string, tree: boolean): Expectation | null {
  const words: readonly string[] = line.replace(/#.*/s, '').match(/\S+/g) ?? [];
  if (words.length === 0) return null;
  const arrow = words.indexOf(ARROW);
  if (arrow < 0) throw new UsageError(`expected "${ARROW}"`, -1, FORM);
  if (arrow === 0) throw new UsageError('expected a source address', 0, FORM);
  if (arrow > 2) throw new UsageError(`expected "${ARROW}"`, 2, FORM);
  if (words.length > arrow + 3) throw new UsageError('unexpected word', arrow + 3, FORM);
  const protocol = arrow === 1 ? null : readProtocol(words[0] ?? '');
  const source = readEndpoint(words[arrow - 1] ?? '');
  if (source === null) throw new UsageError('expected an address, or address:port', arrow - 1, FORM);
  const target = words[arrow + 1] ?? '';
  const destination = readEndpoint(target);
  const classid = destination === null ? readClass(target) : null;
  if (destination === null && classid === null) {
    throw new UsageError('expected an address, address:port or a class id', arrow + 1, FORM);
  }
  const end = readEnd(words[arrow + 2], arrow + 2, classid === null, tree);
  return { protocol, source, destination, classid, end };
}

function readProtocol(text: string): number {
  const protocol = ipProtocol(text);
  if (protocol === null) throw new UsageError(`unknown protocol "${text}"`, 0, FORM);
  return protocol;
}

/** `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`. */
function readEndpoint(text: string): Endpoint | null {
  const [, v6, v4, digits] = /^(?:\[(.*)\]|([\d.]+)):(\d{1,5})$/.exec(text) ?? [];
  const port = digits === undefined ? null : Number(digits);
  const address = parseAddress(v6 ?? v4 ?? text);
  return address === null || (port ?? 0) > PORT_MAX ? null : { address, port };
}

const readClass = (text: string): number | null => (text.includes(':') ? (getClassid(text) ?? null) : null);

function readEnd(text: string | undefined, at: number, needed: boolean, tree: boolean): ExpectedEnd | null {
  if (text === undefined) {
    if (!needed) return null;
    const hint = tree ? `one of ${Object.keys(ENDS).join(', ')}` : NO_TREE;
    throw new UsageError('expected how the packets end', at, hint);
  }
  if (!isEnd(text)) throw new UsageError(`"${text}" is not one of ${Object.keys(ENDS).join(', ')}`, at, FORM);
  if (!tree) throw new UsageError(`nobody can say here what is ${text}`, at, NO_TREE);
  return text;
}

const NO_TREE =
  'where packets end is known with --script and without --parent; one list of filters only tells classes: ADDR -> CLASSID';

const isEnd = (text: string): text is ExpectedEnd => Object.hasOwn(ENDS, text);

/** `shaped, class 1:10`. */
function expectedText({ classid, end }: Expectation): string {
  const where = classid === null ? [] : [`class ${classText(classid)}`];
  return [...(end === null ? [] : [end]), ...where].join(', ');
}

/** An expectation, and what became of it. */
interface Row {
  readonly expectation: Expectation;
  packets: number;
  failed: number;
  first: Unmet['first'];
}

/** Holds what a run finds against what was expected. */
export class Expecting {
  private readonly run: Run;
  private readonly rows: readonly Row[];
  /** By source, and destination where there is one: a packet meets few of many. */
  private readonly byAddresses: ReadonlyMap<string, readonly Row[]>;
  private readonly flow = new FlowKeys();

  constructor(run: Run, expectations: readonly Expectation[]) {
    this.run = run;
    this.rows = expectations.map((expectation) => ({ expectation, packets: 0, failed: 0, first: null }));
    this.byAddresses = byAddresses(this.rows);
  }

  /** In the place of the run's own step(): who a packet is from is read before actions may rewrite it. */
  step(frame: Frame): void {
    const { run, flow } = this;
    run.prepare(frame);
    const entered = run.reason === null;
    if (entered) run.options.env.era.dissect(run.packet, flow);
    run.conclude();
    if (!entered) return;
    for (const row of this.rowsFor(flow)) {
      if (!isAbout(row.expectation, flow)) continue;
      row.packets++;
      if (isMet(row.expectation, run)) continue;
      row.failed++;
      row.first ??= { packet: run.number, happened: happened(run) };
    }
  }

  private *rowsFor({ addrType, addr }: FlowKeys): Generator<Row> {
    const width = addrType === AddrType.IPV6 ? 4 : 1;
    const source = addr.subarray(0, width).join();
    yield* this.byAddresses.get(source) ?? [];
    yield* this.byAddresses.get(`${source}>${addr.subarray(width, 2 * width).join()}`) ?? [];
  }

  unmet(): Unmet[] {
    return this.rows.flatMap(({ expectation, ...counts }, index) =>
      counts.packets > 0 && counts.failed === 0 ? [] : [{ index, expected: expectedText(expectation), ...counts }],
    );
  }
}

/** As the words of a packet's addresses are joined; who has the same is still compared. */
function addressesOf({ source, destination }: Expectation): string {
  const text = ({ address }: Endpoint): string => address.words.slice(0, address.family === 6 ? 4 : 1).join();
  return destination === null ? text(source) : `${text(source)}>${text(destination)}`;
}

function byAddresses(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = addressesOf(row.expectation);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  return groups;
}

function isAbout({ protocol, source, destination }: Expectation, flow: FlowKeys): boolean {
  if (protocol !== null && flow.ipProto !== protocol) return false;
  const width = flow.addrType === AddrType.IPV6 ? 4 : 1;
  return (
    isEndpoint(source, flow, 0, flow.ports >>> 16) &&
    (destination === null || isEndpoint(destination, flow, width, flow.ports & 0xffff))
  );
}

function isEndpoint({ address, port }: Endpoint, flow: FlowKeys, at: number, seen: number): boolean {
  if (flow.addrType !== (address.family === 6 ? AddrType.IPV6 : AddrType.IPV4)) return false;
  if (port !== null && port !== seen) return false;
  const width = address.family === 6 ? 4 : 1;
  return address.words.slice(0, width).every((own, i) => own === word(flow.addr, at + i));
}

function isMet({ classid, end }: Expectation, run: Run): boolean {
  const { reason, journey } = run;
  if (end !== null) {
    const ends: readonly Fated[] = ENDS[end];
    if (journey === null || !ends.includes(journey.fate.fate)) return false;
  }
  if (classid === null) return true;
  if (journey?.path !== undefined) return classesOf(journey).includes(classText(classid));
  return reason === null && run.classid >>> 0 === classid;
}

/**
 * The classes that a packet went through, and the one that was asked for and is not there. A filter's answer alone
 * says little: htb hands a packet of a class it does not have to its default.
 */
function classesOf({ path = [], fate }: Journey): string[] {
  return [...path.map((step) => step.class), fate.class, fate.classid].filter((name) => name !== undefined);
}

function happened({ journey, reason, classid }: Run): string {
  if (journey !== null) return endText(journey.fate);
  return reason ?? `class ${classText(classid)}`;
}
