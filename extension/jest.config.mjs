/** Components and models import nothing from @jupyterlab at run time, so only Lumino's CommonJS builds are needed. */
export default {
  testEnvironment: 'jsdom',
  testRegex: 'src/.*\\.spec\\.tsx?$',
  modulePathIgnorePatterns: ['<rootDir>/nbops_lab/', '<rootDir>/lib/'],
  setupFiles: ['<rootDir>/jest.setup.mjs'],
  transform: {
    '\\.tsx?$': [
      'ts-jest',
      {
        tsconfig: {
          module: 'commonjs',
          moduleResolution: 'node10',
          jsx: 'react',
          esModuleInterop: true,
          isolatedModules: true,
          target: 'ES2021',
          skipLibCheck: true
        },
        diagnostics: false
      }
    ]
  }
};
