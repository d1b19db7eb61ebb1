import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ANSWERS, type Call, commandsOf, TOOLS } from './calls.ts';
import { FOLDER, GROUPS, type ShellRun } from './runs.ts';

/** Programs besides the tools that scripts may start. */
const TEXT_TOOLS = (
  'awk basename bash cat cut dirname env expr grep head id mktemp mkdir mv paste printf pwd rev rm sed seq sleep sort ' +
  'tail tee touch tr true uname uniq wc xargs'
).split(' ');
/** The longest script starts two thousand programs. */
const PATIENCE_MS = 300_000;

/**
 * Before the script, in a mount namespace that ends with it: nothing but the run's own folder can be written to, and the
 * stand-ins take the place of what tools by path would be.
 */
const PRELUDE = `set -e
mount --bind "$1" "$1"
mount -o remount,bind,ro /
for folder in /sbin /usr/sbin; do mount --bind "$1/tools" $folder; done
cd "$PWD"
shift
exec env -i "$@"`;

/** The bash of this machine, in namespaces of its own, among stand-ins that write down how they are called. */
export class RealBash {
  private readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Why there is none, or the one that there is. `close` it. */
  static open(): RealBash | string {
    const bash = new RealBash(mkdtempSync(join(tmpdir(), 'cls-flow-bash-')));
    const reason = bash.obstacle();
    if (reason === null) return bash;
    bash.close();
    return reason;
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }

  /** The calls that the script makes. */
  run({ group, name, args, env }: ShellRun): Call[] {
    writeFileSync(this.log, '');
    const { error, signal } = this.start(join(this.folder, group), [join(this.folder, group, name), ...args], env);
    if (error !== undefined || signal !== null) throw new Error(`${name} ended by ${signal}: ${error}`);
    return callsIn(readFileSync(this.log, 'utf8'));
  }

  private get log(): string {
    return join(this.folder, 'log');
  }

  /** Why scripts cannot be run; null: they can. */
  private obstacle(): string | null {
    if (process.platform !== 'linux') return `needs Linux, this is ${process.platform}`;
    if (!existsSync('/usr/sbin') || isSame('/sbin', '/usr/bin')) return 'needs /sbin and /usr/sbin apart from /usr/bin';
    this.furnish();
    const { status, stdout, stderr } = this.start(this.folder, ['-c', 'echo $BASH_VERSION; type -p tc'], {});
    if (status !== 0) return `needs namespaces of its own (unshare -rnm): ${stderr.trim() || 'no unshare'}`;
    const [version = '', tc] = stdout.split('\n');
    if (Number.parseFloat(version) < MIN_BASH) return `needs bash ${MIN_BASH} or later, this is ${version}`;
    return tc === join(this.folder, 'tools/tc') ? null : `the stand-ins are not found, but ${tc}`;
  }

  /** Puts the programs and the scripts where they are run. */
  private furnish(): void {
    for (const folder of ['programs', 'tools', 'temporary']) mkdirSync(join(this.folder, folder));
    for (const tool of TOOLS) writeFileSync(join(this.folder, 'tools', tool), standIn(this.log), { mode: 0o755 });
    for (const name of TEXT_TOOLS) link(name, join(this.folder, 'programs', name));
    link('bash', join(this.folder, 'programs/sh'));
    for (const group of GROUPS) cpSync(join(FOLDER, group), join(this.folder, group), { recursive: true });
  }

  private start(cwd: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    const path = ['tools', 'programs'].map((name) => join(this.folder, name)).join(':');
    const own = { PATH: path, HOME: '/root', TMPDIR: join(this.folder, 'temporary'), LC_ALL: 'C' };
    const environment = Object.entries({ ...own, ...env }).map(([name, value]) => `${name}=${value}`);
    const command = ['sh', '-c', PRELUDE, 'sh', this.folder, ...environment, 'bash', ...args];
    return spawnSync('unshare', ['-rnm', '--', ...command], {
      cwd,
      input: '',
      encoding: 'utf8',
      timeout: PATIENCE_MS,
    });
  }
}

/** `local -n`, `mapfile`, `${x@}`: what the scripts need. */
const MIN_BASH = 4.4;

/** A link to the program, where this machine has it. */
function link(name: string, path: string): void {
  const place = ['/usr/bin', '/bin'].map((folder) => join(folder, name)).find(existsSync);
  if (place !== undefined) symlinkSync(place, path);
}

function isSame(one: string, other: string): boolean {
  const [first, second] = [one, other].map((path) => spawnSync('readlink', ['-f', path], { encoding: 'utf8' }).stdout);
  return first === second;
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Writes down name, namespace, what a batch reads, how many words there are and the words, each ended by a NUL. */
const standIn = (log: string): string => `#!/bin/sh
log=${quoted(log)}
tool=\${0##*/}
input= before=
for word do
  case $tool$before in
    tc-b|tc-batch) if [ "$word" = - ]; then input=$(cat); else input=$(cat "$word"); fi ;;
  esac
  before=$word
done
case $tool in *tables-restore) cat >/dev/null ;; esac
if [ "$tool $1 $2" = 'ip netns exec' ]; then
  export STAND_IN_NETNS="$3"
  shift 3
  exec "$@"
fi
printf '%s\\0' "$tool" "$STAND_IN_NETNS" "$input" "$#" "$@" >> "$log"
while :; do case $1 in -n) shift 2 ;; -*) shift ;; *) break ;; esac; done
case "$tool $1 $2" in
  'tc '*' del') printf %s ${quoted(ANSWERS.deleted.stderr)} >&2; exit ${ANSWERS.deleted.exit} ;;
  'tc qdisc show') printf %s ${quoted(ANSWERS.qdiscs.stdout)} ;;
  'ip route get') echo "$3 via 192.0.2.1 dev eth0 src 192.0.2.2 uid 0"; echo '    cache ' ;;
  'ip route '*) [ "$2" = add ] || echo 'default via 192.0.2.1 dev eth0 ' ;;
esac
exit 0
`;

const FIELDS = 4;

function callsIn(log: string): Call[] {
  const fields = log.split('\0');
  const calls: Call[] = [];
  for (let at = 0; at + FIELDS < fields.length; ) {
    const [tool = '', netns = '', input = '', count] = fields.slice(at, at + FIELDS);
    const end = at + FIELDS + Number(count);
    calls.push(...commandsOf({ tool, netns, words: fields.slice(at + FIELDS, end) }, input));
    at = end;
  }
  return calls;
}
