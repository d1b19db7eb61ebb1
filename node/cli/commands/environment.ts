/** The environment variables that are read, and what they do: a row each, for the man page. */
export const ENVIRONMENT: readonly (readonly [name: string, meaning: string])[] = [
  ['CLS_FLOW_STATE', 'The file in which cls-flow tc keeps its kernel, where --state names none.'],
  [
    'XDG_STATE_HOME',
    "The user's state directory: without either of these, the kernel is kept in cls-flow/tc.json below it (~/.local/state).",
  ],
  ['LOCALAPPDATA', 'The same on Windows.'],
  ['NO_COLOR', 'No colours, whatever the terminal.'],
  ['FORCE_COLOR', 'Colours, even into a pipe; 0: none.'],
  ['CLS_FLOW_DEBUG', '1: an internal error is printed with its stack.'],
];
