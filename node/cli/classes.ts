import { getClassid } from '../../src/lang/index.ts';
import { BUCKETS, type Buckets, reachableMinors } from '../../src/study/index.ts';
import { tcH, tcMajor, tcMinor } from '../../src/u32.ts';
import { checkDevice, linkRate } from './advise.ts';
import { caretInValue } from './caret.ts';
import type { ClassesFlags } from './commands/classes.ts';
import { CommandLineError } from './errors.ts';
import { createRun, readWalk, unsigned } from './options.ts';
import { Output, say } from './output.ts';

const DEVICE = 'eth0';
const MOST = 65536;

/** `cls-flow classes`: a `tc class add` for every class that filters can give. */
export function classes(flags: ClassesFlags): void {
  const { parent: typed, dev, ...rest } = flags;
  const link = linkRate(flags.rate);
  const max = unsigned('--max', flags.max, MOST, 1);
  const parent = typed === undefined ? undefined : parentId(typed);
  const asked = flags.script === undefined || dev === undefined ? rest : { ...rest, dev };
  const { options } = readWalk({ ...asked, at: 'egress', vlan: 'offload' }, false);
  const device = dev ?? options.kernel?.place.dev ?? DEVICE;
  checkDevice(device);
  const ids = classIds(createRun(options).filters, parent);
  const named = ids.filter((id) => tcMinor(id) !== 0);
  if (named.length < ids.length) say('note: minor number 0 can come out, too: it is the qdisc, no class');
  if (named.length > max) {
    const message = `${ids.length} classes can come out, more than --max ${max}`;
    throw new CommandLineError(message, null, `give the filter a divisor, or take them all: --max ${MOST}`);
  }
  const row: Buckets = BUCKETS[flags.kind];
  const words = row.class?.({ link, each: link / named.length }) ?? flags.kind;
  const output = new Output();
  for (const id of named) {
    const [major, minor] = [tcMajor(id), tcMinor(id)].map((number) => number.toString(16));
    output.write(`tc class add dev ${device} parent ${typed ?? `${major}:`} classid ${major}:${minor} ${words}\n`);
  }
  output.flush();
}

type Filters = ReturnType<typeof createRun>['filters'];

/** Ascending, each once. A `--filter` that names no major number gets the parent's, as the kernel does it. */
function classIds(filters: Filters, parent: number | undefined): number[] {
  const ids = new Set<number>();
  for (const { filter } of filters) {
    const isOwn = tcMajor(filter.options.baseclass ?? 0) !== 0;
    const major = isOwn || parent === undefined ? tcMajor(filter.baseclass) : tcMajor(parent);
    // net/sched/sch_api.c: tc_ctl_tclass(): a class has its qdisc's major number.
    if (parent !== undefined && major !== tcMajor(parent)) {
      const message = `--parent: the filter gives classes of ${major.toString(16)}:, which are no children of it`;
      throw new CommandLineError(message);
    }
    for (const minor of reachableMinors(filter)) ids.add(tcH(major, minor));
  }
  if (ids.size === 0) throw new CommandLineError('no flow filter is asked there', null, 'add --dev NAME');
  return [...ids].sort((a, b) => a - b);
}

function parentId(typed: string): number {
  const id = /^[0-9a-f]+:[0-9a-f]*$/i.test(typed) ? getClassid(typed) : undefined;
  if (id !== undefined && tcMajor(id) !== 0) return id;
  throw new CommandLineError('--parent: a class id like 1: or 1:10 expected', caretInValue('--parent', typed, -1));
}
