// vitest for `npm run coverage`: the tests that run the core in their own process.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
    testTimeout: 600_000,
    coverage: {
      enabled: true,
      provider: 'custom',
      customProviderModule: 'tools/measure/coverage-provider.mjs',
      include: ['src/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reporter: ['json-summary', 'json'],
      reportsDirectory: '.cache/measure/coverage',
    },
  },
});
