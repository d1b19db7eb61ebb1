import type { Part } from './root.ts';
import { quotedForShell } from './stand-in.ts';

/** What the script keeps of root's rights: none that reaches beyond its namespaces, or takes the stand-ins away (quirk 77). */
const RIGHTS =
  'chown,dac_override,fowner,fsetid,kill,setgid,setuid,net_bind_service,net_admin,net_raw,sys_chroot,sys_nice';

/** The program that is started, and its arguments: a shell in namespaces of its own that ends with us, even by SIGKILL. */
export function namespaces(setup: string, isUserNamespace: boolean): readonly string[] {
  return [
    ...['setpriv', '--pdeathsig', 'KILL', '--'],
    ...['unshare', '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--net', '--ipc', '--uts'],
    ...(isUserNamespace ? ['--map-root-user'] : []),
    ...['--', '/bin/sh', setup],
  ];
}

/** The files in the folder of a run. */
export const FILES = {
  /** Stand-ins for the PATH. */
  tools: 'bin',
  log: 'log',
  setup: 'setup',
  /** What the namespaces' own programs complain of. */
  trouble: 'trouble',
  /** Something is in it when the script is about to be started. */
  ready: 'ready',
  /** Mounted folders that cannot be laid over: the script does not see what is in them. */
  missing: 'missing',
  /** What the real tc lists before the script and after it. */
  before: 'before',
  after: 'after',
} as const;

/** A folder, links followed, and the names that get stand-ins in it. */
export interface ToolFolder {
  readonly folder: string;
  readonly tools: readonly string[];
}

export interface Stage {
  readonly parts: readonly Part[];
  readonly isUserNamespace: boolean;
  /** Of this run, in the host; the script sees it at the same place. */
  readonly folder: string;
  /** Where stand-ins lie instead of the tools. */
  readonly toolFolders: readonly ToolFolder[];
  /** The real tc, links followed; null: there is none. */
  readonly tc: string | null;
  readonly cwd: string;
  /** As the script shall see it. */
  readonly path: string;
}

/**
 * The shell script that makes the stage and runs its arguments there; descriptor 3 is for what they print. It stands on a
 * tmpfs over /sys: a folder that every host has, and nobody else sees what is mounted there. Of the host's files the script
 * can reach the log only; a place where something is mounted cannot be removed. Its variables have names that no
 * script uses: one that is in the environment would pass what is put into it on to the script.
 */
export function setupScript(stage: Stage): string {
  const { folder, cwd, path, isUserNamespace } = stage;
  const at = (name: string): string => quotedForShell(`${folder}/${name}`);
  return `set -e
PATH=/usr/sbin:/usr/bin:/sbin:/bin
umask 022
mount -t tmpfs -o nosuid,nodev,mode=755 cls-flow /sys
mkdir /sys/root /sys/upper /sys/scratch
mount -t tmpfs -o nosuid,nodev,mode=755 cls-flow /sys/root
${HELPERS.replace('OPTIONS', isUserNamespace ? ',userxattr' : '')}
cls_flow_tools=${at(FILES.tools)}
cls_flow_missing=${at(FILES.missing)}
${partLines(stage).join('\n')}
${DEVICES.replaceAll('BIND', isUserNamespace ? 'bind' : 'bind,ro')}
mkdir -p /sys/root${quotedForShell(folder)}
[ -e /sys/root${at(FILES.log)} ] || : > /sys/root${at(FILES.log)}
mount --bind ${at(FILES.log)} /sys/root${at(FILES.log)}
${leftFunction(stage.tc)}
exec 5> ${at(FILES.ready)} 6> ${at(FILES.before)} 7> ${at(FILES.after)}
cd /sys/root
mkdir .cls-flow-host
pivot_root . .cls-flow-host
cd /
umount -l /.cls-flow-host
rmdir /.cls-flow-host
cls_flow_setpriv=$(command -v setpriv)
left >&6 || :
cd -- ${quotedForShell(cwd)}
echo ready >&5
PATH=${quotedForShell(path)}
cls_flow_status=0
"$cls_flow_setpriv" --bounding-set=-all${addedRights()} --inh-caps=-all -- "$@" >&3 2>&3 3>&- 4>&- 5>&- 6>&- 7>&- || cls_flow_status=$?
PATH=/usr/sbin:/usr/bin:/sbin:/bin
left >&7 || :
exit "$cls_flow_status"
`;
}

/** The real tc is held open: no path of the script's leads to it. */
const leftFunction = (path: string | null): string =>
  path === null
    ? 'left() { :; }'
    : `cp -L -- ${quotedForShell(path)} /sys/tc
exec 4< /sys/tc
left() {
  /proc/self/fd/4 qdisc show
  for cls_flow_device in /sys/class/net/*; do /proc/self/fd/4 class show dev "\${cls_flow_device##*/}"; done
}`;

const addedRights = (): string =>
  RIGHTS.split(',')
    .map((right) => `,+${right}`)
    .join('');

/** `overlay NUMBER FOLDER`: its upper layer may hold stand-ins already. */
const HELPERS = `overlay() {
  cd -- "$2" &&
  mount -t overlay -o "lowerdir=.,upperdir=/sys/upper/$1,workdir=/sys/scratch/$1,nosuid,nodevOPTIONS" cls-flow "/sys/root$2"
}
stand_ins() {
  mkdir -p -- "$1"
  cd -- "$cls_flow_tools"
  cp -- $2 "$1"
}`;

/** Devices that hold nothing. Root could change their rights on the host, but for `ro`. */
const DEVICES = `mkdir -p /sys/root/dev/shm /sys/root/proc /sys/root/sys
chmod 1777 /sys/root/dev/shm
for cls_flow_node in null zero full random urandom; do
  : > "/sys/root/dev/$cls_flow_node"
  mount -o BIND "/dev/$cls_flow_node" "/sys/root/dev/$cls_flow_node"
done
ln -s /proc/self/fd /sys/root/dev/fd
ln -s fd/0 /sys/root/dev/stdin
ln -s fd/1 /sys/root/dev/stdout
ln -s fd/2 /sys/root/dev/stderr
mount -t proc -o ro,nosuid,nodev,noexec proc /sys/root/proc
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs /sys/root/sys`;

function partLines({ parts, toolFolders, isUserNamespace }: Stage): string[] {
  const overlays = parts.filter(({ kind }) => kind === 'overlay').map(({ path }) => path);
  const placed = toolFolders.map(({ folder, tools }) => {
    const number = overlays.findIndex((path) => folder === path || folder.startsWith(`${path}/`));
    const root = number < 0 ? '/sys/root' : `/sys/upper/${number}`;
    const inside = number < 0 ? folder : folder.slice(overlays[number]?.length);
    return { isLayer: number >= 0, line: `stand_ins ${root}${quotedForShell(inside)} '${tools.join(' ')}'` };
  });
  return [
    ...folderLines(parts, overlays, isUserNamespace),
    ...placed.filter(({ isLayer }) => isLayer).map(({ line }) => line),
    ...parts.flatMap((part) => partLine(part, overlays.indexOf(part.path)) ?? []),
    ...placed.filter(({ isLayer }) => !isLayer).map(({ line }) => line),
  ];
}

/** A folder that is laid over is its upper layer's: it gets the rights and, where others may be named, the owner. */
function folderLines(parts: readonly Part[], overlays: readonly string[], isUserNamespace: boolean): string[] {
  const folders = parts
    .filter(({ kind }) => kind === 'overlay' || kind === 'folder')
    .map(({ kind, path, mode, owner }) => {
      const place = `/sys/root${quotedForShell(path)}`;
      return { place, own: kind === 'folder' ? place : `/sys/upper/${overlays.indexOf(path)}`, mode, owner };
    });
  const together = (command: string, of: (folder: (typeof folders)[number]) => string): string[] =>
    [...new Set(folders.map(of))].map(
      (value) =>
        `${command} ${value} ${folders
          .filter((one) => of(one) === value)
          .map(({ own }) => own)
          .join(' ')}`,
    );
  const layers = overlays.map((_, number) => `/sys/upper/${number} /sys/scratch/${number}`);
  return [
    `mkdir -p ${[...layers, ...folders.map(({ place }) => place)].join(' ')}`,
    ...together('chmod', ({ mode }) => mode),
    ...(isUserNamespace ? [] : together('chown', ({ owner }) => owner)),
  ];
}

/** null: it is there already. */
function partLine({ kind, path: name, isMount }: Part, number: number): string | null {
  if (kind === 'folder') return null;
  const path = quotedForShell(name);
  if (kind === 'link') return `cp -P -- ${path} /sys/root${path}`;
  // A file that only root may read is not there for others either.
  if (kind === 'file') return `cp -p -- ${path} /sys/root${path} || :`;
  return isMount ? `overlay ${number} ${path} || echo ${path} >> "$cls_flow_missing"` : `overlay ${number} ${path}`;
}
