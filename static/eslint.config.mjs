import js from '@eslint/js';
import globals from 'globals';

export default [
  { ignores: ['static/dist/**'] },
  js.configs.recommended,
  {
    rules: {
      'consistent-return': 'error',
      curly: ['error', 'multi-line'],
      eqeqeq: 'error',
      'max-depth': ['error', 3],
      'max-lines-per-function': ['error', { max: 50, skipComments: true }],
      'no-shadow': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'prefer-template': 'error',
    },
  },
  { files: ['static/js/**'], languageOptions: { globals: globals.browser } },
  { files: ['static/*.mjs', 'static/build/**'], languageOptions: { globals: globals.node } },
];
