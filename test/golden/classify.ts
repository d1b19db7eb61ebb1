import { createEnv, createPacket, type Env } from '../../src/env.ts';
import type { Era } from '../../src/era.ts';
import type { Packet } from '../../src/packet/index.ts';
import { Key } from '../../src/sched/flow/index.ts';
import { classText } from '../../src/u32.ts';
import { applyContext, type Context } from './context.ts';
import { FilterBench, type RecordedFilter } from './filters.ts';
import { readEra, readFramesOf, readJson, readLines, readRecord } from './records.ts';
import { emptyReport, note, type Report, record } from './report.ts';
import { type Secrets, sipKey } from './secrets.ts';
import { compareValues, type Values } from './values.ts';

interface ValueRecord extends Values {
  readonly packet: number;
  readonly name: string;
  readonly hook: string;
  readonly context: Context;
}

interface ClassRecord {
  readonly packet: number;
  readonly name: string;
  readonly hook: string;
  readonly classes: Readonly<Record<string, string | null>>;
}

const ETHERNET_HEADER = 14;
const VLAN_HEADER = 4;

/** The packets of classify/ as each hook had them, found by packet number. */
class RecordedPackets {
  private readonly frames: Uint8Array[];
  private readonly position = new Map<number, number>();
  private readonly values = new Map<string, ValueRecord>();
  private readonly packets = new Map<string, Packet>();
  private readonly secrets: Secrets | null;
  private readonly era: Era;

  constructor(classifyDirectory: string, hashDirectory: string) {
    this.era = readEra(classifyDirectory);
    this.frames = readFramesOf(classifyDirectory, 'packets.pcap');
    for (const packet of readLines<{ packet: number; frame: number }>(classifyDirectory, 'packets.jsonl')) {
      this.position.set(packet.packet, packet.frame - 1);
    }
    for (const value of readLines<ValueRecord>(classifyDirectory, 'values.jsonl')) {
      this.values.set(`${value.packet} ${value.hook}`, value);
    }
    this.secrets = readRecord(hashDirectory, 'secrets.json') && readJson<Secrets>(hashDirectory, 'secrets.json');
  }

  get records(): Iterable<ValueRecord> {
    return this.values.values();
  }

  /** Whether the keys of the hook's boot are known, so that the flow hash can be judged. */
  knowsSecrets(hook: string): boolean {
    return this.secrets?.[hook] !== undefined;
  }

  env(hook: string): Env {
    const secret = this.secrets?.[hook];
    if (secret === undefined) return createEnv({ era: this.era, seed: 0 });
    return createEnv({
      era: this.era,
      seed: 0,
      rxhashKey: sipKey(secret.rxhashKey),
      foldKey: sipKey(secret.foldKey),
    });
  }

  /** The packet as it reached the classifier; the socket's ids are inputs that no frame holds. */
  packet(number: number, hook: string): Packet | null {
    const value = this.values.get(`${number} ${hook}`);
    const frame = this.frames[this.position.get(number) ?? -1];
    if (value === undefined || frame === undefined) return null;
    const { context } = value;
    const ingress = hook.endsWith('ingress');
    const tagged = context.vlanTag !== null;
    const data = tagged ? withoutTag(frame) : frame;
    const p = this.packets.get(hook) ?? createPacket(this.env(hook));
    this.packets.set(hook, p);
    applyContext(p, context, data, ingress ? ETHERNET_HEADER : 0);
    p.skUid = value.values['sk-uid'] ?? 0;
    p.skGid = value.values['sk-gid'] ?? 0;
    if (!this.knowsSecrets(hook)) p.hash = value.values.rxhash ?? 0;
    return p;
  }
}

/** The frame as the kernel holds it once its outermost tag has moved to metadata. */
function withoutTag(frame: Uint8Array): Uint8Array {
  const data = new Uint8Array(frame.length - VLAN_HEADER);
  data.set(frame.subarray(0, ETHERNET_HEADER - 2));
  data.set(frame.subarray(ETHERNET_HEADER - 2 + VLAN_HEADER), ETHERNET_HEADER - 2);
  return data;
}

/** classify/: the 18 values of every packet at every hook, then the classes that map filters gave. */
export function checkClassify(directory: string): Report {
  const report = emptyReport();
  const packets = new RecordedPackets(directory, `${directory}/../hash`);
  for (const value of packets.records) {
    const p = packets.packet(value.packet, value.hook);
    const judgeHash = packets.knowsSecrets(value.hook);
    if (!judgeHash) note(report, 'rxhash: the flow-hash key of that boot is not there');
    const differences =
      p === null
        ? ['no frame for this packet']
        : compareValues(p, value, packets.env(value.hook), (key) => key === Key.RXHASH && !judgeHash);
    record(report, `${value.name} ${value.hook}`, differences);
  }
  checkClasses(report, packets, directory, 'map-classes.jsonl');
  return report;
}

/** hash/: the classes that hash filters gave the packets of classify/. */
export function checkHash(directory: string): Report {
  const report = emptyReport();
  const packets = new RecordedPackets(`${directory}/../classify`, directory);
  checkClasses(report, packets, directory, 'classes.jsonl');
  return report;
}

function checkClasses(report: Report, packets: RecordedPackets, directory: string, file: string): void {
  const filters = readLines<RecordedFilter>(directory, 'filters.jsonl');
  const benches = new Map<string, FilterBench>();
  for (const classes of readLines<ClassRecord>(directory, file)) {
    const { hook } = classes;
    const bench = benches.get(hook) ?? new FilterBench(filters, hook, packets.env(hook));
    benches.set(hook, bench);
    const p = packets.packet(classes.packet, hook);
    if (p === null) {
      record(report, `${classes.name} ${hook}`, ['no frame for this packet']);
      continue;
    }
    const differences: string[] = [];
    for (const [id, theirs] of Object.entries(classes.classes)) {
      const classid = bench.classOf(id, p);
      const ours = classid === null ? null : classText(classid);
      if (ours !== theirs) differences.push(`${id} ${ours}, kernel ${theirs}`);
    }
    record(report, `${classes.name} ${hook}`, differences);
  }
}
