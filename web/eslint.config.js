import reactHooks from 'eslint-plugin-react-hooks';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const oneClient = 'Only src/api/client.ts talks to the API: there a 401 on any call signs the person out.';
const noStore =
  'Only src/api/sealed.ts keeps anything in the browser, sealed: who is signed in is what GET /api/users/me says.';
const policy = 'The pages are served under a Content-Security-Policy without unsafe-inline.';

const restrictedGlobals = [
  ...['fetch', 'XMLHttpRequest', 'EventSource', 'WebSocket'].map((name) => ({ name, message: oneClient })),
  ...['localStorage', 'sessionStorage', 'indexedDB'].map((name) => ({ name, message: noStore })),
];

/** Bans the globals, written alone or as somebody's property, but for those that a file is there for. */
const bansBut = (...allowed) => {
  const banned = restrictedGlobals.filter(({ name }) => !allowed.includes(name));
  return {
    'no-restricted-globals': ['error', ...banned],
    'no-restricted-properties': [
      'error',
      ...['window', 'globalThis', 'self'].flatMap((object) =>
        banned.map(({ name, message }) => ({ object, property: name, message })),
      ),
      { object: 'navigator', property: 'sendBeacon', message: oneClient },
    ],
  };
};

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
      ...bansBut(),
      'no-restricted-syntax': [
        'error',
        { selector: "JSXAttribute[name.name='style']", message: policy },
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: policy },
      ],
    },
  },
  { files: ['src/api/client.ts'], rules: bansBut('fetch') },
  {
    files: ['src/api/sealed.ts', 'src/test/**', '**/*.test.{ts,tsx}'],
    rules: bansBut('localStorage', 'sessionStorage'),
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
