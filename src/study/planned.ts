import {
  commandsIn,
  emptySelector,
  MODIFY,
  type ReadCommands,
  runTc,
  type ScriptCommands,
  type Transport,
  takeSelectors,
} from '../command/index.ts';
import { Words } from '../lang/index.ts';
import {
  infoPreference,
  infoProtocol,
  joinMessages,
  type Message,
  NLM_F,
  RTM,
  readTc,
  splitMessages,
} from '../netlink/index.ts';
import { hookOf, type Installed, isAutomatic, readSetup, type Setup } from './installed.ts';

/** A command of a script that set up something which is still there at its end. */
export interface Origin {
  /** Which of the script's commands, from 1. */
  readonly at: number;
  /** tc's arguments from the object on; with `pref` where the kernel chose it. */
  readonly words: readonly string[];
}

/** What a script sets up on one device. */
export interface Plan extends Setup {
  /** The commands that made each thing, by its name. */
  readonly origins: ReadonlyMap<string, readonly Origin[]>;
  /** Commands of which the plan knows nothing more: refused, or with variables in them. */
  readonly failed: readonly { readonly line: number; readonly says: string }[];
  /** tc commands in the script. */
  readonly commands: number;
}

/** Another name for a qdisc's handle: by the command that makes it. */
type Handles = ReadonlyMap<number, string>;

/** The name by which a thing is known in both kernels; a qdisc is known by its place. */
export function nameOf({ noun, handle, parent, chain, pref, protocol }: Installed): string {
  if (noun === 'qdisc') return `qdisc ${parent}`;
  return noun === 'class' ? `class ${handle}` : `filter ${parent} ${chain} ${pref} ${protocol} ${handle}`;
}

const NEW: ReadonlySet<number> = new Set([RTM.NEWQDISC, RTM.NEWTCLASS, RTM.NEWTFILTER]);
const OBJECTS = ['qdisc', 'class', 'filter'];

/**
 * Runs a script in an emulated kernel with nothing on the device and tells what then is there. Qdiscs without a handle
 * get the one that `installed` has at their place, if the kernel chose that one too: then classes and filters below
 * them compare. `kernel` makes the same empty kernel every time.
 */
export function planScript(script: ScriptCommands, kernel: () => Transport, device: string, installed: Setup): Plan {
  const read = commandsIn(script, { nameless: device });
  const plan = runPlan(read, kernel(), device, new Map());
  const handles = new Map<number, string>();
  for (const qdisc of plan.qdiscs.filter(({ handle }) => isAutomatic(handle))) {
    const other = installed.qdiscs.find(({ parent }) => parent === qdisc.parent);
    const [origin] = plan.origins.get(nameOf(qdisc)) ?? [];
    if (other === undefined || origin === undefined || other.kind !== qdisc.kind || !isAutomatic(other.handle))
      continue;
    if (!origin.words.includes('handle')) handles.set(origin.at, `${(other.handle >>> 16).toString(16)}:`);
  }
  return handles.size === 0 ? plan : runPlan(read, kernel(), device, handles);
}

function runPlan(script: ReadCommands, transport: Transport, device: string, handles: Handles): Plan {
  const origins = new Map<string, Origin[]>();
  const failed = [
    ...script.unexpanded.map((line) => ({ line, says: 'a variable or substitution, which is not expanded' })),
    ...script.unread.map(({ line, why }) => ({ line, says: why })),
  ];
  const ifindex = transport.links.index(device);
  let isStale = false;
  const clean = (): void => {
    if (isStale) forget(origins, readSetup(transport, ifindex));
    isStale = false;
  };
  for (const [index, { line, words, mayFail }] of script.commands.entries()) {
    const at = index + 1;
    const made: Message[] = [];
    // Once for a row of deletions: to look at all that is there after each would take the square.
    if (!isDeletion(words)) clean();
    const answer = runTc(withHandle(words, handles.get(at)), { transport: listening(transport, made) });
    if (answer.exit !== 0 && mayFail !== true && !isDeletion(words)) {
      failed.push({ line, says: answer.stderr.split('\n')[0] ?? '' });
    }
    // What is not modelled cannot be compared with what is installed.
    for (const { why } of answer.notModelled) failed.push({ line, says: why });
    note(origins, { at, words: fromObject(words) }, made, ifindex);
    if (answer.exit === 0 && destroys(words)) isStale = true;
  }
  clean();
  const setup = readSetup(transport, ifindex);
  return { ...setup, origins, failed, commands: script.commands.length + failed.length };
}

/** Hears what each request makes: the kernel repeats it to whoever asks with NLM_F_ECHO. */
function listening(transport: Transport, made: Message[]): Transport {
  const { links, set } = transport;
  return {
    links,
    ...(set === undefined ? {} : { set: (key) => set.call(transport, key) }),
    request(datagram) {
      const requests = [...splitMessages(datagram)];
      const echoed = requests.map((one) => (NEW.has(one.type) ? { ...one, flags: one.flags | NLM_F.ECHO } : one));
      const answers = transport.request(joinMessages(echoed));
      made.push(...answers.flatMap((answer) => [...splitMessages(answer)]).filter(({ type }) => NEW.has(type)));
      return answers;
    },
  };
}

function note(origins: Map<string, Origin[]>, origin: Origin, made: readonly Message[], ifindex: number): void {
  for (const message of made) {
    const name = madeName(message, ifindex);
    if (name === null) continue;
    const { info } = readTc(message);
    const words = message.type === RTM.NEWTFILTER ? withPreference(origin.words, infoPreference(info)) : origin.words;
    origins.set(name, [...(origins.get(name) ?? []), { ...origin, words }]);
  }
}

function madeName(message: Message, ifindex: number): string | null {
  const t = readTc(message);
  if (t.ifindex !== ifindex) return null;
  const noun = ({ [RTM.NEWQDISC]: 'qdisc', [RTM.NEWTCLASS]: 'class' } as const)[message.type] ?? 'filter';
  return nameOf({
    noun,
    kind: '',
    settings: '',
    words: '',
    handle: t.handle,
    parent: hookOf(t.parent),
    chain: t.attributes.chain ?? 0,
    pref: infoPreference(t.info),
    protocol: infoProtocol(t.info),
  });
}

/** A deletion, or a qdisc put in the place of another, takes along what was below. */
function destroys(words: readonly string[]): boolean {
  const [object = '', verb = ''] = fromObject(words);
  return isDeletion(words) || ('qdisc'.startsWith(object) && !'add'.startsWith(verb));
}

function forget(origins: Map<string, Origin[]>, { qdiscs, classes, filters }: Setup): void {
  const there = new Set([...qdiscs, ...classes, ...filters].map(nameOf));
  for (const name of origins.keys()) if (!there.has(name)) origins.delete(name);
}

function isDeletion(words: readonly string[]): boolean {
  const [, verb = ''] = fromObject(words);
  return verb !== '' && 'delete'.startsWith(verb);
}

/** tc's arguments without its own options. */
function fromObject(words: readonly string[]): readonly string[] {
  const at = words.findIndex((word) => word !== '' && OBJECTS.some((object) => object.startsWith(word)));
  return at < 0 ? words : words.slice(at);
}

/** The same command with `handle H:` behind its verb. */
function withHandle(words: readonly string[], handle: string | undefined): readonly string[] {
  if (handle === undefined) return words;
  const [object = '', verb = '', ...rest] = fromObject(words);
  return [object, verb, 'handle', handle, ...rest];
}

/** The same command with the preference that the kernel chose, if it names none. */
function withPreference(words: readonly string[], preference: number): readonly string[] {
  const [object = '', verb = '', ...rest] = words;
  const s = emptySelector(0);
  takeSelectors(new Words(rest), s, MODIFY);
  return s.preference === 0 ? [object, verb, 'pref', String(preference), ...rest] : words;
}
