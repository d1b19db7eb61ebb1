import { buildsNothing } from '../../command/index.ts';
import type { Found } from '../finding.ts';
import type { Script } from '../script.ts';
import type { Refusal, Setup } from '../setup.ts';

/** Of two branches a script takes one. */
const BRANCHES = /^\s*(?:else\b|elif\b|case\b)/;
const EXISTS: ReadonlySet<string> = new Set(['qdisc-exists', 'qdisc-moved', 'class-exists', 'filter-exists']);
const MISSING: ReadonlySet<string> = new Set([
  'no-device',
  'qdisc-not-found',
  'class-not-found',
  'chain-not-found',
  'filter-not-found',
]);

/** The findings for the commands that tc or the kernel refuses. */
export function* refusals(by: Refusal['by'], usual: string, setup: Setup): Generator<Found> {
  const { others, dump } = setup.script;
  const branches = others.some(({ source }) => BRANCHES.test(source));
  const hidden = setup.hides('qdisc') || setup.hides('class');
  for (const refusal of setup.refusals) {
    if (refusal.by !== by) continue;
    const { command, sentence, mend } = refusal;
    const excuse = excuseOf(refusal, branches, hidden ? (dump ? 'dump' : 'lines') : null);
    yield {
      command,
      word: mend?.[0]?.at ?? refusal.word,
      message: sentence === '' ? 'the command is refused' : sentence,
      effect: `${excuse ?? usual}${batchEnd(refusal, setup.script)}`,
      mend,
      ...(excuse === null ? {} : { severity: 'advice' }),
    };
  }
}

/** Why a refusal may be none where the script runs; null: there is no reason to think so. */
function excuseOf({ command, code }: Refusal, branches: boolean, hidden: 'dump' | 'lines' | null): string | null {
  if (EXISTS.has(code ?? '')) return branches ? 'it is there already if both branches of the script are taken' : null;
  if (!MISSING.has(code ?? '')) return null;
  if (buildsNothing(command.words)) return 'there is nothing that the command could show or delete';
  if (hidden === null) return null;
  return hidden === 'dump'
    ? 'the dump does not list what it stands on'
    : 'a line with variables may make what is missing';
}

/** Quirk 51. */
function batchEnd({ command, endsBatch }: Refusal, { commands, unexpanded }: Script): string {
  if (!endsBatch || /^\s*\S*(?:tc\b|\$)/i.test(command.source)) return '';
  const count = [...commands, ...unexpanded].filter(({ line }) => line > command.line).length;
  if (count === 0) return '';
  return `; tc -batch ends here, also with -force: ${count === 1 ? '1 command' : `${count} commands`} below never run`;
}
