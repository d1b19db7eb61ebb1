import type { Command, Option } from 'commander';
import type { Shell } from './commands/completion.ts';
import { createProgram } from './program.ts';
import { Output } from './result.ts';

/** Prints a static completion script: all that the program knows about itself, in the words of a shell. */
export function printCompletion(shell: Shell): void {
  const output = new Output();
  output.write(SCRIPTS[shell](createProgram('', async () => {})));
  output.flush();
}

const SCRIPTS: Readonly<Record<Shell, (program: Command) => string>> = { bash, zsh, fish };

const flags = (command: Command): string[] => optionsOf(command).map((option) => option.long ?? '');
const choicesOf = (command: Command): readonly string[] =>
  command.registeredArguments.flatMap((a) => a.argChoices ?? []);
const takesValue = (option: Option): boolean => option.required || option.optional;
/** `<capture|spec>` → `spec`: what the value is called. */
const valueName = (option: Option): string => /<(.+)>/.exec(option.flags)?.[1] ?? '';
const isFile = (option: Option): boolean => valueName(option) === 'file';

function optionsOf(command: Command): readonly Option[] {
  return command.createHelp().visibleOptions(command);
}

/** A word of any shell, in single quotes. */
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

function bash(program: Command): string {
  const values = program.commands.flatMap((command) =>
    optionsOf(command)
      .filter((option) => option.argChoices !== undefined)
      .map(
        (option) =>
          `    ${quote(`${command.name()} ${option.long}`)}) words=${quote((option.argChoices ?? []).join(' '))} ;;`,
      ),
  );
  const commands = program.commands.map((command) => {
    const words = choicesOf(command).length > 0 ? choicesOf(command) : flags(command);
    return `    ${command.name()}) words=${quote(words.join(' '))} ;;`;
  });
  const first = [...program.commands.map((command) => command.name()), ...flags(program)].join(' ');
  return `# bash completion for cls-flow: source <(cls-flow completion bash)
_cls_flow() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words=
  COMPREPLY=()
  case "\${COMP_WORDS[1]} $prev" in
${values.join('\n')}
  esac
  if [[ -z $words && $COMP_CWORD -eq 1 ]]; then words=${quote(first)}
  elif [[ -z $words ]]; then
    case "\${COMP_WORDS[1]}" in
${commands.map((line) => `  ${line}`).join('\n')}
    esac
    [[ $words == -* && $cur != -* ]] && return
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _cls_flow cls-flow
`;
}

/** Text between brackets or behind a colon of an _arguments specification. */
const zshText = (text: string): string => text.replace(/[[\]:\\]/g, '\\$&');

function zshOption(option: Option): string {
  // A choice is parsed, too; what else is parsed is a list.
  const again = option.parseArg === undefined || option.argChoices !== undefined ? '' : '*';
  const what = zshText(valueName(option));
  const values =
    option.argChoices === undefined ? (isFile(option) ? '_files' : '') : `(${option.argChoices.join(' ')})`;
  const value = takesValue(option) ? `:${what}:${values}` : '';
  return quote(`${again}${option.long}[${zshText(option.description)}]${value}`);
}

function zsh(program: Command): string {
  const described = program.commands.map((command) => quote(`${command.name()}:${zshText(command.description())}`));
  const cases = program.commands.map((command) => {
    const choices = choicesOf(command);
    const rest = choices.length > 0 ? `1:shell:(${choices.join(' ')})` : '*:capture:_files';
    const words = [...optionsOf(command).map(zshOption), quote(rest)];
    return `        ${command.name()}) _arguments ${words.join(' \\\n          ')} ;;`;
  });
  return `#compdef cls-flow
# zsh completion for cls-flow: cls-flow completion zsh > "\${fpath[1]}/_cls-flow"
_cls-flow() {
  local context state state_descr line
  local -a known=(${described.join(' ')})
  _arguments -C ${optionsOf(program).map(zshOption).join(' ')} '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command known ;;
    argument)
      case $line[1] in
${cases.join('\n')}
      esac ;;
  esac
}
# From fpath this file is the function itself; sourced, it has to be announced.
if [[ $funcstack[1] == _cls-flow ]]; then _cls-flow "$@"; else compdef _cls-flow cls-flow; fi
`;
}

function fishOption(condition: string, option: Option): string {
  const long = `-l ${(option.long ?? '').slice(2)}`;
  const short = option.short ? ` -s ${option.short.slice(1)}` : '';
  const choices = option.argChoices === undefined ? '' : ` -a ${quote(option.argChoices.join(' '))}`;
  const value = takesValue(option) ? (isFile(option) ? ' -r' : ' -x') : '';
  return `complete -c cls-flow -n ${quote(condition)} ${long}${short}${value}${choices} -d ${quote(option.description)}`;
}

function fish(program: Command): string {
  const none = '__fish_use_subcommand';
  const lines = ['# fish completion for cls-flow: cls-flow completion fish | source'];
  for (const option of optionsOf(program)) lines.push(fishOption(none, option));
  for (const command of program.commands) {
    const name = command.name();
    const seen = `__fish_seen_subcommand_from ${name}`;
    lines.push(`complete -c cls-flow -f -n ${quote(none)} -a ${name} -d ${quote(command.description())}`);
    for (const option of optionsOf(command)) lines.push(fishOption(seen, option));
    const choices = choicesOf(command);
    if (choices.length > 0) lines.push(`complete -c cls-flow -f -n ${quote(seen)} -a ${quote(choices.join(' '))}`);
  }
  return `${lines.join('\n')}\n`;
}
