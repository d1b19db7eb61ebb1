/** The door cls-flow/report: the room behind rules for its arguments. */
export * from '../report/index.ts';
