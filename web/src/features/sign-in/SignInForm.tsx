import { useMutation } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { api, dataOf } from '../../api/client';
import { ApiError, explain } from '../../api/problem';
import { Failure } from '../../ui/Failure';
import { Field } from '../../ui/Field';
import { leaveFor } from '../../api/leave';
import { providerAddress } from '../../api/provider';

const LEAVING = 'Going to your company’s sign-in…';

interface Props {
  next: string;
  onSignedIn: () => void;
}

/**
 * First the address, then, unless a company's provider takes over, the password. The password belongs to the
 * address that was asked about: editing that one takes it away, so that it is never sent for another.
 */
export function SignInForm({ next, onSignedIn }: Props) {
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [missing, setMissing] = useState<'username' | 'password'>();
  const usernameField = useRef<HTMLInputElement>(null);
  const explanation = useRef<HTMLDivElement>(null);
  const passwordField = useRef<HTMLInputElement>(null);
  const address = username.trim();

  const check = useMutation({
    mutationFn: (asked: string) => dataOf(api.POST('/api/openid/check', { body: { username: asked } })),
  });
  const isLeaving = check.isSuccess && Boolean(check.data.org_id);
  const asksPassword = check.isSuccess && !isLeaving;

  const signIn = useMutation({
    mutationFn: () => api.POST('/api/signin', { body: { username: address, password } }),
    onSuccess: onSignedIn,
  });
  const isBusy = check.isPending || isLeaving || signIn.isPending;
  const refused = signIn.error instanceof ApiError && signIn.error.status === 401 ? signIn.error : null;
  const error = check.error ?? signIn.error;

  // To the field to put right, the password selected in it as a slip is often one letter; or else to the
  // explanation, whose button to try again is next.
  useEffect(() => {
    if (refused) {
      passwordField.current?.focus();
      passwordField.current?.select();
    } else if (error) explanation.current?.focus();
  }, [refused, error]);

  const { reset: forgetCheck } = check;
  const { reset: forgetSignIn } = signIn;
  /** An answer that is still on its way comes to nothing then. */
  const startAnew = useCallback(() => {
    forgetCheck();
    forgetSignIn();
    setPassword('');
  }, [forgetCheck, forgetSignIn]);

  useEffect(() => {
    // "Back" may bring this page as it was left: on its way to the provider.
    const onPageShow = ({ persisted }: PageTransitionEvent) => {
      if (persisted) startAnew();
    };
    window.addEventListener('pageshow', onPageShow);
    return () => {
      window.removeEventListener('pageshow', onPageShow);
    };
  }, [startAnew]);

  function submit() {
    if (isBusy) return;
    const absent = address === '' ? 'username' : asksPassword && password === '' ? 'password' : undefined;
    setMissing(absent);
    if (absent) {
      signIn.reset();
      (absent === 'username' ? usernameField : passwordField).current?.focus();
    } else if (asksPassword) {
      signIn.mutate();
    } else {
      check.mutate(address, {
        onSuccess: ({ org_id: company }) => {
          if (company) leaveFor(providerAddress(company, address, next));
        },
      });
    }
  }

  function label(): string {
    if (isLeaving) return LEAVING;
    if (check.isPending) return 'One moment…';
    if (signIn.isPending) return 'Signing in…';
    return asksPassword ? 'Sign in' : 'Continue';
  }

  return (
    <form
      noValidate
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Field
        label="Email"
        ref={usernameField}
        type="email"
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus
        required
        readOnly={signIn.isPending}
        value={username}
        onChange={(event) => {
          setUsername(event.target.value);
          if (event.target.value.trim() !== check.variables) startAnew();
        }}
        error={missing === 'username' ? 'Enter your email.' : undefined}
      />
      {asksPassword && (
        <Field
          label="Password"
          ref={passwordField}
          type="password"
          name="password"
          autoComplete="current-password"
          autoFocus
          required
          value={password}
          onChange={(event) => {
            setPassword(event.target.value);
          }}
          error={missing === 'password' ? 'Enter your password.' : undefined}
        />
      )}
      <div aria-live="assertive">{refused && <p className="field-error">{refused.message}</p>}</div>
      <div ref={explanation} tabIndex={-1}>
        {error && !refused && <Failure {...explain(error)} onRetry={submit} />}
      </div>
      <p aria-live="polite" className="visually-hidden">
        {isLeaving ? LEAVING : asksPassword ? 'Now your password.' : ''}
      </p>
      <button type="submit" className="primary" disabled={isBusy}>
        {label()}
      </button>
    </form>
  );
}
