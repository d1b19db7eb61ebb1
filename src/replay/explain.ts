import type { Frame } from '../capture/index.ts';
import { type JhashRound, jhash2, jhash2Rounds } from '../hash/index.ts';
import { NOT_AT_HOOK } from '../hook/index.ts';
import type { Elsewhere, FilterId, Journey, ListRun, Step as TreeStep } from '../kernel/index.ts';
import { addressText, hex8, protocolName } from '../lang/index.ts';
import {
  AddrType,
  DissectRet,
  type Exactness,
  FlowKeys,
  flowText,
  hasSpi,
  inputNames,
  ipProtocolName,
  LINK_TYPES,
  portsText,
} from '../packet/index.ts';
import { endText } from '../report/index.ts';
import { NO_FILTER, type Run, type RunFilter } from '../run.ts';
import {
  classExactness,
  classid,
  divide,
  type FlowFilter,
  KEYS,
  type Key,
  type KeySource,
  keyExactness,
  keySource,
  keysOf,
  Mode,
  mapLine,
  placeInClass,
} from '../sched/flow/index.ts';
import { classidText, classText } from '../u32.ts';
import { verdictName } from '../verdict.ts';
import { type HeaderSpan, keyBytes, linkSpans, type Span, transportLength } from './spans.ts';

/** One header that the dissector passed. Offsets in bytes from the start of the captured frame. */
export interface HeaderStep {
  readonly layer: 'network' | 'transport';
  readonly name: string;
  readonly type: number;
  readonly offset: number;
  /** What was stepped over; 0 where the walk ended. */
  readonly length: number;
  readonly outcome: string;
}

export interface KeyStep {
  readonly name: string;
  /** Hex, 32 bits. */
  readonly value: string;
  readonly source: KeySource;
  readonly exactness: Exactness;
  /** What it is, where its name says something else: ESP and AH have halves of an SPI for ports. */
  readonly note?: string;
  /** The bytes of the frame that it holds; none where it is not read from bytes, or is a hash of them. */
  readonly bytes: readonly Span[];
}

/** One step of the arithmetic: what is done, and the value after it in hex. */
export interface ArithmeticStep {
  readonly step: string;
  readonly value: string;
  /** Of jhash2: its three words in hex after each of its steps. */
  readonly rounds?: readonly HashRound[];
}

/** jhash2() in steps: `from` and `count` say which words of the input were added. */
export interface HashRound {
  readonly step: JhashRound['step'];
  readonly from: number;
  readonly count: number;
  readonly a: string;
  readonly b: string;
  readonly c: string;
}

/** What a rule of iptables or nft wrote, before the packet came to the hook. */
export interface RuleStep {
  /** null: the script itself. */
  readonly file: string | null;
  readonly line: number;
  readonly chain: string;
  /** As it was written, without its table and its chain. */
  readonly rule: string;
  /** null: it is not evaluated, so that the mark is assumed. */
  readonly wrote: 'mark' | 'connmark' | 'class' | null;
  /** What it is from then on: a number in hex, or a class. */
  readonly value: string | null;
}

/** A filter that was asked. */
export interface FilterStep {
  /** What its list is attached to, where a script said so. */
  readonly parent?: string;
  readonly chain: number;
  readonly pref: number;
  readonly handle: string;
  readonly spec: string;
  readonly mode: 'map' | 'hash';
  /** False: its ematches said no, and the rest is empty. */
  readonly matched: boolean;
  readonly keys: readonly KeyStep[];
  readonly arithmetic: readonly ArithmeticStep[];
  readonly classid: string | null;
  readonly exactness: Exactness | null;
  /** What its actions said; null: it was not matched. */
  readonly verdict: string | null;
}

/**
 * The walk of one packet, told step by step. `--format json` prints just this. With a script, its way through the tree
 * too.
 */
export interface Explanation extends Partial<Journey> {
  readonly schema: 1;
  readonly packet: number;
  readonly length: number;
  readonly captured: number;
  readonly hook: 'egress' | 'ingress';
  readonly era: string;
  /** Which engine takes such a packet of a capture, and why not the compiled one; absent where nobody asked. */
  readonly engine?: string;
  /** What dissection found: `tcp 192.0.2.1:80 > 192.0.2.2:1234`; null without addresses. */
  readonly flow: string | null;
  readonly given: Readonly<Record<string, string>>;
  /** What the script's rules wrote, in their order; absent: they wrote nothing. */
  readonly rules?: readonly RuleStep[];
  readonly headers: readonly HeaderStep[];
  /** Where each header stands in the frame, the link's and the last one too. */
  readonly spans: readonly HeaderSpan[];
  readonly filters: readonly FilterStep[];
  readonly classid: string | null;
  readonly pref: number | null;
  readonly verdict: string;
  readonly exactness: Exactness | null;
  /** The inputs that the result rests on and that are not known; absent where there are none. */
  readonly missing?: readonly string[];
  /** How to give one of them, where no option does. */
  readonly hint?: string;
  /** Why the packet has no class. */
  readonly reason: string | null;
}

const hex = (value: number): string => `0x${hex8(value)}`;

/** Tells the walk of one frame; the run steps over it, so that its number and its connections stay right. */
export function explain(run: Run, frame: Frame): Explanation {
  const rules = written(run, () => run.prepare(frame));
  const { packet: p, options } = run;
  const headers: HeaderStep[] = [];
  const flow = new FlowKeys();
  if (run.reason === null) {
    flow.trace = (layer, type, from, to, step) => headers.push(headerStep(layer, type, from - p.head, to - from, step));
    options.env.era.dissect(p, flow);
    tellPorts(headers, flow);
  }
  const spans = run.reason === null ? spansOf(run, frame.linkType, headers) : [];
  const filters = heard(run, () => run.conclude());
  const classified = run.verdict >= 0;
  return {
    schema: 1,
    packet: run.number,
    length: run.length,
    captured: frame.end - frame.at,
    hook: options.device.hook,
    era: options.env.era.name,
    flow: packetText(run.isElsewhere ? run.captured() : flow),
    given: given(run),
    ...(rules.length === 0 ? {} : { rules }),
    headers,
    spans,
    filters,
    ...run.journey,
    classid: classified ? classText(run.classid) : null,
    pref: classified ? run.pref : null,
    verdict: verdictName(run.verdict),
    exactness: classified ? run.exactness : null,
    ...(run.rests === 0 ? {} : { missing: inputNames(run.rests) }),
    reason: run.reason,
  };
}

/** What rules write while `work` goes on, and the one that leaves the mark open. */
function written(run: Run, work: () => void): RuleStep[] {
  const marks = run.options.marks?.rules;
  const steps: RuleStep[] = [];
  if (marks === undefined) {
    work();
    return steps;
  }
  marks.listener = ({ place: { file, line }, chain, text: rule, wrote, value }) => {
    const shown = wrote === null ? null : wrote === 'class' ? classText(value) : hex(value);
    steps.push({ file, line, chain, rule, wrote, value: shown });
  };
  work();
  marks.listener = null;
  return steps;
}

function spansOf({ packet: p }: Run, linkType: number, headers: readonly HeaderStep[]): HeaderSpan[] {
  const passed = headers.map(({ layer, name, type, offset, length }, index) => {
    const isLast = index === headers.length - 1 && layer === 'transport' && length === 0;
    return { layer, name, at: offset, length: isLast ? transportLength(type, p, p.head + offset) : length };
  });
  // A tag in metadata is a header to the dissector, and has no bytes here.
  const there = passed.filter(({ length }, index) => length > 0 || index === passed.length - 1);
  return [...linkSpans(p, LINK_TYPES.find(({ number }) => number === linkType)?.name ?? ''), ...there];
}

const OUTCOME: Readonly<Record<DissectRet, string>> = {
  [DissectRet.GOOD]: 'ends here',
  [DissectRet.BAD]: 'not understood, or cut: ends here',
  [DissectRet.AGAIN]: 'leads to another header',
  [DissectRet.NEXT]: 'leads to another header',
  [DissectRet.ON]: '',
};

function headerStep(
  layer: HeaderStep['layer'],
  type: number,
  offset: number,
  length: number,
  step: number,
): HeaderStep {
  const name = layer === 'network' ? protocolName(type) : ipProtocolName(type);
  return { layer, name, type, offset, length, outcome: OUTCOME[step as DissectRet] };
}

/** The header that the walk ended at is the one whose ports were read. */
function tellPorts(headers: HeaderStep[], flow: FlowKeys): void {
  const last = headers.at(-1);
  if (last?.layer !== 'transport' || last.outcome !== '') return;
  headers[headers.length - 1] = {
    ...last,
    outcome: portsText(flow.ipProto, flow.ports),
  };
}

/** The filters that are asked while `work` goes on, told before their actions may change the packet. */
function heard(run: Run, work: () => void): FilterStep[] {
  const steps: FilterStep[] = [];
  const filters = run.filters;
  for (const at of filters) {
    at.classifier.listener = {
      asked(filter, words) {
        const where = filters.find((one) => one.classifier === at.classifier && one.handle === filter.handle) ?? at;
        steps.push(filterStep(run, where, filter, words));
      },
      answered(_, verdict) {
        const last = steps.at(-1);
        if (last !== undefined) steps[steps.length - 1] = { ...last, verdict: verdictName(verdict) };
      },
    };
  }
  work();
  for (const { classifier } of filters) classifier.listener = null;
  return steps;
}

function filterStep(run: Run, at: RunFilter, filter: FlowFilter, words: Int32Array | null): FilterStep {
  const { packet: p, options } = run;
  const { env, known } = options;
  const { flow } = at.classifier;
  const step = {
    ...(options.kernel === undefined ? {} : { parent: classidText(at.list) }),
    chain: at.chain,
    pref: at.pref,
    handle: `0x${filter.handle.toString(16)}`,
    spec: at.spec,
    mode: filter.mode === Mode.HASH ? 'hash' : 'map',
    verdict: null,
  } as const;
  if (words === null) return { ...step, matched: false, keys: [], arithmetic: [], classid: null, exactness: null };
  return {
    ...step,
    matched: true,
    keys: keysOf(filter.keymask).map((key, i) => {
      const source = keySource(key, p, flow, env.era);
      const note = source === 'headers' ? spiNote(key, flow) : null;
      return {
        name: KEYS[key].name,
        value: hex(words[i] ?? 0),
        source,
        exactness: keyExactness(key, p, flow, env, known),
        ...(note === null ? {} : { note }),
        bytes: keyBytes(key, p, env),
      };
    }),
    arithmetic: arithmetic(filter, words),
    classid: classText(classid(filter, words)),
    exactness: classExactness(filter, p, flow, env, known),
  };
}

/** Which half of an SPI a key of a port is; null: it is none. */
function spiNote(key: Key, { ipProto }: FlowKeys): string | null {
  const { value } = KEYS[key];
  if (!hasSpi(ipProto) || (value.of !== 'port' && value.of !== 'tuple port')) return null;
  return value.end === 'src' ? 'upper half of the SPI' : 'lower half of the SPI';
}

/** The arithmetic of classid(), one line a step; a step that changes nothing is left out. */
function arithmetic(f: FlowFilter, words: Int32Array): ArithmeticStep[] {
  const hashed = f.mode === Mode.HASH;
  const steps = hashed ? [hashStep(f, words)] : mapSteps(f, words[0] ?? 0);
  let value = hashed ? jhash2(words, f.nkeys, f.hashrnd) : mapLine(f, words[0] ?? 0);
  if (f.divisor !== 0) {
    value = divide(f, value);
    steps.push({ step: `modulo divisor ${f.divisor}`, value: hex(value) });
  }
  const base = classText(f.baseclass);
  steps.push({ step: `base class ${base} plus the low 16 bits, no carry`, value: hex(placeInClass(f, value)) });
  return steps;
}

function hashStep(f: FlowFilter, words: Int32Array): ArithmeticStep {
  const what = `jhash2 of ${f.nkeys === 1 ? 'one word' : `${f.nkeys} words`}, hashrnd ${hex(f.hashrnd)}`;
  const rounds = jhash2Rounds(words, f.nkeys, f.hashrnd).map(({ a, b, c, ...round }) => {
    return { ...round, a: hex(a), b: hex(b), c: hex(c) };
  });
  return { step: what, value: hex(jhash2(words, f.nkeys, f.hashrnd)), rounds };
}

/** The map line, each step by leaving out those behind it. */
function mapSteps(f: FlowFilter, key: number): ArithmeticStep[] {
  const steps: ArithmeticStep[] = [];
  const none = { ...f, xor: 0, rshift: 0, addend: 0 };
  if (f.mask >>> 0 !== 0xffffffff) steps.push({ step: `and ${hex(f.mask)}`, value: hex(mapLine(none, key)) });
  if (f.xor !== 0) steps.push({ step: `xor ${hex(f.xor)}`, value: hex(mapLine({ ...none, xor: f.xor }, key)) });
  if (f.rshift !== 0) {
    steps.push({ step: `shift right by ${f.rshift}`, value: hex(mapLine({ ...f, addend: 0 }, key)) });
  }
  if (f.addend !== 0) steps.push({ step: `add ${hex(f.addend)}`, value: hex(mapLine(f, key)) });
  return steps;
}

/** The packet as dissected; null: it has no addresses. */
function packetText({ addrType, addr, ipProto, ports }: FlowKeys): string | null {
  if (addrType !== AddrType.IPV4 && addrType !== AddrType.IPV6) return null;
  const [family, width] = addrType === AddrType.IPV4 ? [4, 1] : [6, 4];
  return flowText(ipProto, ports, addressText(family, addr), addressText(family, addr.subarray(width)));
}

/** What the packet carries besides its bytes, where there is something to tell. */
function given(run: Run): Record<string, string> {
  const { packet: p } = run;
  const rows: Record<string, string> = {};
  if (run.reason !== null && run.reason !== NO_FILTER) return rows;
  rows.protocol = protocolName(p.protocol);
  if (p.vlanTci >= 0) rows.vlan = `${protocolName(p.vlanProto)} id ${p.vlanTci & 0xfff}, taken out of band`;
  if (p.mark !== 0) rows.mark = hex(p.mark);
  if (p.priority !== 0) rows.priority = hex(p.priority);
  if (p.iif !== 0) rows.iif = String(p.iif);
  const seen = seenText(run);
  if (seen !== null) rows.captured = seen;
  if (p.ct !== null) rows.conntrack = conntrackText(p.ct, p.protocol === 0x86dd ? 6 : 4);
  return rows;
}

/** The packet where it was captured, if it looks otherwise at the hook. */
function seenText(run: Run): string | null {
  const { crossing } = run.options;
  if (crossing === undefined || !crossing.isTranslated) return null;
  const side = crossing.options.side === 'wan' ? 'lan' : 'wan';
  const unknown = run.packet.hasGuessedAddresses ? "; the router's address is not known" : '';
  return `as ${packetText(run.captured())}, on the ${side} side${unknown}`;
}

function conntrackText(ct: NonNullable<Run['packet']['ct']>, family: number): string {
  const direction = ct.direction === 0 ? 'original' : 'reply';
  const source = `${addressText(family, ct.src)} ${ct.srcAll}`;
  return `${direction} direction, ${source} > ${addressText(family, ct.dst)} ${ct.dstAll} (${ct.exactness})`;
}

const column = (text: string, width: number): string => text.padEnd(width);

/** An explanation as lines of text. */
export function explainText(e: Explanation): string {
  const cut = e.captured < e.length ? `, ${e.captured} captured` : '';
  const lines = [`packet ${e.packet}  ${e.flow ?? 'no addresses'}  (${e.length} bytes${cut}, ${e.hook}, era ${e.era})`];
  if (e.engine !== undefined) lines.push(`  ${column('engine', 10)} ${e.engine}`);
  for (const [name, value] of Object.entries(e.given)) lines.push(`  ${column(name, 10)} ${value}`);
  if (e.rules !== undefined) lines.push('rules', ...e.rules.map(ruleLine));
  if (e.headers.length > 0) lines.push('headers');
  for (const header of e.headers) {
    const length = header.length === 0 ? ''.padStart(9) : `${String(header.length).padStart(3)} bytes`;
    lines.push(
      `  ${column(header.name, 16)} at ${String(header.offset).padStart(4)}  ${length}  ${header.outcome}`.trimEnd(),
    );
  }
  for (const filter of e.filters) lines.push(...filterLines(filter));
  lines.push(...(e.fate === undefined ? [] : wayLines({ ...e, fate: e.fate })), outcomeLine(e));
  if (e.hint !== undefined) lines.push(`  ${e.hint}`);
  return `${lines.join('\n')}\n`;
}

function ruleLine({ file, line, chain, rule, wrote, value }: RuleStep): string {
  const what = wrote === null ? 'not evaluated' : `${wrote} ${value}`;
  return `  ${column(what, 20)} ${file === null ? 'line ' : `${file}:`}${line}  ${chain} ${rule}`;
}

function filterLines(filter: FilterStep): string[] {
  const { parent, chain, pref, handle, spec, verdict } = filter;
  const list = parent === undefined ? '' : `${parent} `;
  const lines = [`filter ${list}${chain === 0 ? '' : `chain ${chain} `}pref ${pref} handle ${handle}: ${spec}`];
  if (!filter.matched) return [...lines, '  no match'];
  for (const { name, value, source, exactness, note } of filter.keys) {
    const more = note === undefined ? '' : `  (${note})`;
    lines.push(`  ${column(name, 16)} ${value}  from ${column(source, 18)} ${exactness}${more}`);
  }
  lines.push(...filter.arithmetic.map(({ step, value }) => `  ${value}  ${step}`));
  if (verdict !== 'ok') lines.push(`  class ${filter.classid}, verdict ${verdict}`);
  return lines;
}

/** The way through the tree: each list that was asked, each qdisc and the class it chose, and the end. */
function wayLines(journey: Journey): string[] {
  const { egressHook = [], ingressHook = [], path = [], fate, sentElsewhere = [], queues = [] } = journey;
  return [
    'way',
    ...[...egressHook, ...ingressHook].flatMap(runLines),
    ...path.flatMap(stepLines),
    ...sentElsewhere.flatMap(elsewhereLines),
    ...queues.map((queue) => `    queue ${queue.class}: ${endText(queue.fate)}`),
    `  end: ${endText(fate)}${fate.filter === undefined ? '' : ` (${filterText(fate.filter)})`}`,
  ];
}

function stepLines({ qdisc, kind, parent, classify, class: chosen, by, filter }: TreeStep): string[] {
  const lines = classify.flatMap((run) =>
    'repeated' in run ? [`    ${run.repeated} more like these`] : runLines(run),
  );
  const why = filter === undefined ? by : filterText(filter);
  const hangs = parent === 'root' ? 'at the root' : `of class ${parent}`;
  return [`  ${kind} ${qdisc} ${hangs}`, ...lines, ...(chosen === undefined ? [] : [`    class ${chosen}, by ${why}`])];
}

function runLines({ at, filters, verdict, classid }: ListRun): string[] {
  const nobody = verdict === 'unknowable' ? verdict : 'no filter took it';
  const said = classid === undefined ? nobody : `${verdict}, class ${classid}`;
  const asked = filters.map((filter) => `${filterText(filter)}${filter.ret === -1 ? ' no' : ''}`).join(', ');
  return [`    list ${at}  ${asked === '' ? 'no filter of its protocol' : asked}; ${said}`];
}

const filterText = ({ kind, pref, chain }: FilterId): string =>
  `${kind} ${chain === undefined ? '' : `chain ${chain} `}pref ${pref}`;

function elsewhereLines({ device, how, by, fate }: Elsewhere): string[] {
  return [`  ${how} to ${device}${by === null ? '' : ` by ${filterText(by)}`}: ${endText(fate)}`];
}

const NOWHERE: ReadonlySet<string> = new Set(Object.values(NOT_AT_HOOK));

function outcomeLine(e: Explanation): string {
  const absent = e.missing === undefined ? '' : ` (not given: ${e.missing.join(', ')})`;
  if (NOWHERE.has(e.reason ?? '')) return `not at this hook: ${e.reason}`;
  if (e.classid === null) return `no class: ${e.reason}${absent}`;
  const ends = e.reason === null ? '' : `, ${e.reason}`;
  const missing = e.missing === undefined ? '' : `, not given: ${e.missing.join(', ')}`;
  return `class ${e.classid}, verdict ${e.verdict}, by pref ${e.pref} (${e.exactness}${missing})${ends}`;
}
