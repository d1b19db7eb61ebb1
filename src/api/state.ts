import { createEnv, type Env } from '../env.ts';
import { ERAS, type EraName } from '../era.ts';
import { checkSaved, type SavedNetns } from '../kernel/index.ts';
import { object, oneOf } from './question.ts';
import { inField } from './question-error.ts';

/** A kernel that was saved, and the environment that it needs. */
export interface SavedState {
  readonly saved: SavedNetns;
  readonly env: Env;
}

/** The kernel of an earlier `tc()`. Throws a QuestionError. */
export function readState(state: unknown, field: string): SavedState {
  const { era: name } = object(state, field);
  const era = oneOf(Object.keys(ERAS) as EraName[])(name, `${field}.era`);
  return { saved: inField(field, () => checkSaved(state, era)), env: environment(era) };
}

/** Control draws nothing that anybody sees. */
export const environment = (era: EraName): Env => createEnv({ era: ERAS[era], seed: 0 });
