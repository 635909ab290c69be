/** The site map. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  redirect,
  stringifySearchWith,
  type RouterHistory,
} from '@tanstack/react-router';
import { safeReturnPath } from '../api/return-path';
import { session } from '../api/session';
import { OrgSessionsPage } from '../features/org-sessions/OrgSessionsPage';
import { PasswordPage } from '../features/password/PasswordPage';
import { PolicyPage } from '../features/policy/PolicyPage';
import { SessionsPage } from '../features/sessions/SessionsPage';
import { SignInPage } from '../features/sign-in/SignInPage';
import { SignedOutPage } from '../features/sign-out/SignedOutPage';
import { parseShow, type Show } from '../features/todos/show';
import { TodosPage } from '../features/todos/TodosPage';
import { CompanyLayout } from './CompanyLayout';
import { CrashedPage } from './CrashedPage';
import { NotFoundPage } from './NotFoundPage';
import { SignedInLayout } from './SignedInLayout';

const root = createRootRoute({ notFoundComponent: NotFoundPage, errorComponent: CrashedPage });

const parseNext = ({ next }: Record<string, unknown>): { next?: string } => ({
  next: typeof next === 'string' ? next : undefined,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/signin',
  validateSearch: parseNext,
  component: function SignIn() {
    // Checked here, where it is used: the router hands on what a validateSearch merely leaves out.
    return <SignInPage next={safeReturnPath(signIn.useSearch().next)} />;
  },
});

/** Where a company's provider sends people back to: see `features/sign-in/provider.ts`. */
const backFromProvider = createRoute({
  getParentRoute: () => root,
  path: '/signed-in',
  validateSearch: parseNext,
  beforeLoad: ({ search }) => {
    // As after a password sign-in: from here the other tabs hear of it.
    session.begin();
    redirect({ href: safeReturnPath(search.next), throw: true });
  },
});

const signedOut = createRoute({
  getParentRoute: () => root,
  path: '/signed-out',
  validateSearch: ({ state }: Record<string, unknown>): { state?: string } => ({
    state: typeof state === 'string' ? state : undefined,
  }),
  component: function SignedOut() {
    return <SignedOutPage state={signedOut.useSearch().state} />;
  },
});

const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in-layout',
  // Coming here after a sign-out, by "back" say: ask the API again, so that it can refuse again.
  beforeLoad: () => {
    if (session.snapshot().ended) session.doubt();
  },
  component: SignedInLayout,
});

const todos = createRoute({
  getParentRoute: () => signedIn,
  path: '/',
  validateSearch: (search): { show?: Show } => ({ show: parseShow(search.show) }),
  component: function Todos() {
    return <TodosPage show={todos.useSearch().show} />;
  },
});

const password = createRoute({
  getParentRoute: () => signedIn,
  path: '/account/password',
  component: PasswordPage,
});

const sessions = createRoute({
  getParentRoute: () => signedIn,
  path: '/account/sessions',
  component: SessionsPage,
});

const company = createRoute({
  getParentRoute: () => signedIn,
  id: 'company-layout',
  component: CompanyLayout,
});

const orgSessions = createRoute({
  getParentRoute: () => company,
  path: '/org/sessions',
  component: OrgSessionsPage,
});

const policy = createRoute({
  getParentRoute: () => company,
  path: '/org/policy',
  component: PolicyPage,
});

const routeTree = root.addChildren([
  signIn,
  backFromProvider,
  signedOut,
  signedIn.addChildren([todos, password, sessions, company.addChildren([orgSessions, policy])]),
]);

export function createAppRouter(history?: RouterHistory) {
  return createRouter({
    routeTree,
    // Plain text, as providers write it too: by default a `state` of digits would come out as a number.
    parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
    stringifySearch: stringifySearchWith(String),
    ...(history ? { history } : {}),
  });
}

export type AppRouter = ReturnType<typeof createAppRouter>;

declare module '@tanstack/react-router' {
  interface Register {
    router: AppRouter;
  }
}
