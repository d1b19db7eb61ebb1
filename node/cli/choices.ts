// Made by tools/generate/choices.mjs from the rows of the core; do not edit.
// `--help` and completion list these and load nothing of the core.

/** Kernels whose rules can be followed. */
export const ERA_NAMES: readonly string[] = ['6.1', '6.1.170', '6.12', 'seed'];

/** Qdiscs that can take hosts which a filter spreads. */
export const TARGET_KINDS: readonly string[] = ['drr', 'htb', 'hfsc', 'qfq', 'sfq', 'fq_codel'];

/** Qdiscs whose classes users make. */
export const CLASS_KINDS: readonly string[] = ['drr', 'htb', 'hfsc', 'qfq'];
