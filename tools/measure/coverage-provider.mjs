// @vitest/coverage-v8 from where it was installed: vitest itself looks in the project's own modules only.
const { default: v8 } = await import(process.env.COVERAGE_V8);

export default {
  ...v8,
  async getProvider() {
    const provider = await v8.getProvider();
    // The threads are given this name; by `v8` they would look for the package.
    provider.name = 'custom';
    return provider;
  },
};
