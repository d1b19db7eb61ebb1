import type { Shell } from './shell.ts';
import type { SourcePlace } from './simulated.ts';

/** What bash itself gives variables that no script has set. */
const GIVEN: Readonly<Record<string, string>> = {
  IFS: ' \t\n',
  HOME: '/root',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  SHELL: '/bin/bash',
  BASH: '/bin/bash',
  BASH_VERSION: '5.2.15(1)-release',
  OSTYPE: 'linux-gnu',
  MACHTYPE: 'x86_64-pc-linux-gnu',
  HOSTTYPE: 'x86_64',
  UID: '0',
  EUID: '0',
  PPID: '1',
  OPTIND: '1',
  TERM: 'dumb',
};

/** They differ from run to run. */
const UNKNOWN: ReadonlySet<string> = new Set([
  'RANDOM',
  'SRANDOM',
  'SECONDS',
  'EPOCHSECONDS',
  'EPOCHREALTIME',
  '$',
  '!',
  'BASHPID',
  'HOSTNAME',
]);

/** The text of `$?`, `$#`, `$LINENO` and such, and of what is set in every shell; undefined: it is unset. */
export function specialText(name: string, shell: Shell, place: SourcePlace): string | undefined {
  if (UNKNOWN.has(name)) return shell.host.unknown(place, `$${name} differs from run to run`);
  switch (name) {
    case '?':
      return String(shell.status);
    case '#':
      return String(shell.params.length);
    case '-':
      return `${[...shell.options].filter((option) => option.length === 1).join('')}hB`;
    case 'FUNCNAME':
      return shell.calls[0];
    case 'LINENO':
      return String(place.line);
    case 'PWD':
      return shell.folder;
    case 'BASH_SOURCE':
      return shell.zero;
    case '_':
      return '';
    default:
      return GIVEN[name];
  }
}
