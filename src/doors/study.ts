/** The door cls-flow/study: the room behind rules for its arguments. */
export * from '../study/index.ts';
