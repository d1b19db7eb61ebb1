/** `1 packet`, `2 packets`, `3 classes`: a number with its noun, which is given for one. */
export function counted(count: number, noun: string): string {
  if (count === 1 || UNCOUNTED.has(noun)) return `${count} ${noun}`;
  return `${count} ${noun}${/(?:s|x|ch)$/.test(noun) ? 'es' : 's'}`;
}

/** Nouns that stay as they are. */
const UNCOUNTED: ReadonlySet<string> = new Set(['advice']);
