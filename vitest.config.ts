import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'node/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
    reporters: ['default', ['json', { outputFile: '.cache/test-report.json' }]],
    testTimeout: 120_000,
    // Half of the tests wait for a command that they have started: one worker would leave a core idle.
    maxWorkers: 2,
  },
});
