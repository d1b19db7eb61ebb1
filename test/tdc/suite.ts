import { runTc, type Transport } from '../../src/command/index.ts';
import { createEnv } from '../../src/env.ts';
import { ERAS } from '../../src/era.ts';
import { Netns } from '../../src/kernel/index.ts';
import { shellWords } from '../../src/lang/index.ts';

/** One case of the kernel's tc-testing format (tools/testing/selftests/tc-testing), as far as it is about tc. */
export interface TdcCase {
  readonly id: string;
  readonly name: string;
  /** A command, or a command with the exit codes that will do. */
  readonly setup: readonly (string | readonly (string | number)[])[];
  readonly cmdUnderTest: string;
  readonly expExitCode: string | number;
  readonly verifyCmd: string;
  /** A regular expression, searched as Python's re.findall() does with DOTALL and MULTILINE. */
  readonly matchPattern: string;
  readonly matchCount: string | number;
}

export interface TdcResult {
  readonly id: string;
  readonly name: string;
  /** null: passed. */
  readonly failure: string | null;
}

/** Names a suite uses for what its configuration sets up. */
const DEVICES: Readonly<Record<string, string>> = {
  DEV0: 'v0p0',
  DEV1: 'v0p1',
  DUMMY: 'dummy1',
  ETH: 'eth0',
};

/** Runs a case in a namespace of its own. */
export function runCase(one: TdcCase): TdcResult {
  const run = session();
  for (const step of one.setup) {
    const [command, ...codes] = typeof step === 'string' ? [step, 0] : step;
    const { exit, stderr } = run(String(command));
    if (!(codes.length === 0 ? [0] : codes).includes(exit)) {
      return { ...one, failure: `setup "${command}" exited with ${exit}: ${stderr.trim()}` };
    }
  }
  const tested = run(one.cmdUnderTest);
  if (tested.exit !== Number(one.expExitCode)) {
    return { ...one, failure: `exit ${tested.exit}, expected ${one.expExitCode}: ${tested.stderr.trim()}` };
  }
  const { stdout } = run(one.verifyCmd);
  const count = [...stdout.matchAll(new RegExp(one.matchPattern, 'gms'))].length;
  if (count === Number(one.matchCount)) return { ...one, failure: null };
  return { ...one, failure: `${count} matches of /${one.matchPattern}/, expected ${one.matchCount}, in:\n${stdout}` };
}

/** tc in a fresh namespace. Commands that are not tc's (ip link and the like) are taken as done: all devices exist. */
function session() {
  const devices = ['lo', ...new Set(Object.values(DEVICES))].map((name, i) => ({ name, ifindex: i + 1 }));
  const netns = new Netns({ env: createEnv({ era: ERAS['6.1'], seed: 0 }), devices });
  const transport: Transport = {
    request: (datagram) => netns.request(datagram),
    links: {
      index: (name) => devices.find((device) => device.name === name)?.ifindex ?? 0,
      name: (index) => devices.find((device) => device.ifindex === index)?.name ?? null,
    },
  };
  return (command: string) => {
    const line = command.replace(/\$(\w+)/g, (word, name: string) => (name === 'TC' ? 'tc' : (DEVICES[name] ?? word)));
    const [program, ...args] = shellWords(line);
    return program === 'tc' ? runTc(args, { transport }) : { exit: 0, stdout: '', stderr: '' };
  };
}
