import reactHooks from 'eslint-plugin-react-hooks';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const oneClient = 'Only src/api/client.ts talks to the API: there a 401 on any call signs the person out.';
const noStore = 'Nothing is stored in the browser: who is signed in is what GET /api/users/me says.';
const policy = 'The pages are served under a Content-Security-Policy without unsafe-inline.';

const restrictedGlobals = [
  ...['fetch', 'XMLHttpRequest', 'EventSource', 'WebSocket'].map((name) => ({ name, message: oneClient })),
  ...['localStorage', 'sessionStorage', 'indexedDB'].map((name) => ({ name, message: noStore })),
];

/** A folder's files may import from below only: `pattern` is what they may not write. */
const layer = (files, regex, message) => ({
  files,
  ignores: ['**/*.test.{ts,tsx}'],
  rules: { 'no-restricted-imports': ['error', { patterns: [{ regex, message }] }] },
});

export default defineConfig(
  globalIgnores(['dist', 'playwright-report', 'test-results', 'src/api/schema.d.ts']),
  tseslint.configs.strictTypeChecked,
  reactHooks.configs.flat['recommended-latest'],
  {
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
  },
  { files: ['*.config.js'], extends: [tseslint.configs.disableTypeChecked] },
  {
    files: ['src/**'],
    rules: {
      'no-restricted-globals': ['error', ...restrictedGlobals],
      'no-restricted-properties': [
        'error',
        ...['window', 'globalThis', 'self'].flatMap((object) =>
          restrictedGlobals.map(({ name, message }) => ({ object, property: name, message })),
        ),
        { object: 'navigator', property: 'sendBeacon', message: oneClient },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "JSXAttribute[name.name='style']", message: policy },
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: policy },
      ],
    },
  },
  {
    files: ['src/api/client.ts'],
    rules: {
      'no-restricted-globals': ['error', ...restrictedGlobals.filter(({ name }) => name !== 'fetch')],
    },
  },
  layer(['src/ui/**'], '^\\.\\./', 'ui/ knows nothing of the app: give it what it shows.'),
  layer(
    ['src/api/**'],
    '^\\.\\./',
    'api/ imports nothing above it: who must act on it listens to the session.',
  ),
  layer(
    ['src/features/**'],
    '^\\.\\./(?!\\.\\./(api|ui)/)',
    'A feature imports from its own folder, api/ and ui/; what joins features is in routes/.',
  ),
);
