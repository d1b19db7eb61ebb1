import {
  CHECK_FIELDS,
  type Checked,
  type CheckOptions,
  checkedOf,
  reportOf,
  reportOfSimulated,
  type ScriptGiven,
} from './check.ts';
import { fieldsReader, QUESTION_FIELDS, text as textOf } from './question.ts';
import { simulateQuestion } from './simulation.ts';

/** What `checkScript` may be given besides the script. */
export interface CheckScriptOptions extends CheckOptions, ScriptGiven {
  /** Absolute path of the script: its `$0`, and the folder that relative names begin in. Default: `/script/NAME`. */
  readonly path?: string;
}

const { args, env, files } = QUESTION_FIELDS;
const readOptions = fieldsReader<CheckScriptOptions>({ ...CHECK_FIELDS, args, env, files, path: textOf });

/**
 * The same as check(), for shell scripts with variables, loops and functions too: such a script is simulated, and nothing
 * of it is run. It sees the arguments, the environment and the files of the options, and no others.
 *
 * @param text the script, or whatever check() takes
 * @returns what check() returns; findings stand at the script's own lines, or at those of a file that it sources
 * @throws QuestionError where the text cannot be read, or an option is wrong
 * @example
 * const { findings, assumptions, unchecked } = await checkScript(text, { args: ['start'], files: { '/etc/qos.conf': conf } });
 */
export async function checkScript(text: string, options: CheckScriptOptions = {}): Promise<Checked> {
  const { name = 'script', path, args, env, files, ...besides } = readOptions(options);
  const given = { ...(args && { args }), ...(env && { env }), ...(files && { files }) };
  const simulated = await simulateQuestion({ script: textOf(text, 'script'), ...given }, { name, path });
  const report = simulated === null ? reportOf(text, besides) : reportOfSimulated(simulated, besides);
  return checkedOf([{ name, text, report, problem: null }], { ...besides, ...given });
}
