'use strict';

/** @type {import('jest').Config} */
const shared = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'commonjs' },
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/build', '<rootDir>/prebuilds/'],
};

/**
 * unit: pure code and fixture trees, everywhere.
 * lifecycle: forked processes, everywhere Linux.
 * kernel: real cgroup v2 memory controller; `npm run kernel` runs it in the lab.
 *
 * @type {import('jest').Config}
 */
module.exports = {
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['<rootDir>/test/lifecycle/', '<rootDir>/test/kernel/'],
    },
    { ...shared, displayName: 'lifecycle', testMatch: ['<rootDir>/test/lifecycle/**/*.test.ts'] },
    { ...shared, displayName: 'kernel', testMatch: ['<rootDir>/test/kernel/**/*.test.ts'] },
  ],
};
