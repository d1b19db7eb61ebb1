import { describe, expect, test } from 'vitest';
import { FLOW_CASES } from './flow.ts';
import { runCase } from './suite.ts';

describe("the kernel's own suite for the flow classifier", () => {
  test.each(FLOW_CASES.map((one) => [one.id, one] as const))('%s', (_, one) => {
    expect(runCase(one).failure).toBeNull();
  });

  test('has 28 cases', () => {
    expect(new Set(FLOW_CASES.map(({ id }) => id)).size).toBe(28);
  });
});
