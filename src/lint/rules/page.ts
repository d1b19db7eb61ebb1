/** A script with something wrong in it, and the word that the finding is at. */
export interface FoundExample {
  readonly script: readonly string[];
  /** From 1. */
  readonly line: number;
  readonly word: string;
}

/** A script that looks alike and is right. */
export interface CleanExample {
  readonly script: readonly string[];
  readonly why: string;
}

/**
 * The page of a finding in docs/findings, besides its code, title and severity. Every rule's file holds one, as `PAGE`:
 * tests run its examples, tools/generate/findings.mjs writes the page and lists it in pages.ts, SARIF carries it. Nothing
 * else reads it, so bundles without SARIF leave it out.
 */
export interface Page {
  /** What happens to packets, and why: one sentence or two a string, in Markdown. */
  readonly happens: readonly string[];
  readonly mend: readonly string[];
  readonly found: readonly FoundExample[];
  readonly clean: readonly CleanExample[];
}
