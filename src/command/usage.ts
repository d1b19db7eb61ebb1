/** Usage blocks that stand below tc's own one-line messages: our words, made from the tables that parse. */
export function usageOf(object: string, verbs: readonly string[], words: string): string {
  return `Usage: tc ${object} [ ${verbs.join(' | ')} ] ${words}`;
}
