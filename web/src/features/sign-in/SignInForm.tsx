import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { api } from '../../api/client';
import { ApiError, explain } from '../../api/problem';
import { Failure } from '../../ui/Failure';
import { Field } from '../../ui/Field';

export function SignInForm({ onSignedIn }: { onSignedIn: () => void }) {
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [missing, setMissing] = useState<'username' | 'password'>();
  const usernameField = useRef<HTMLInputElement>(null);
  const explanation = useRef<HTMLDivElement>(null);
  const passwordField = useRef<HTMLInputElement>(null);

  const signIn = useMutation({
    mutationFn: () => api.POST('/api/signin', { body: { username: username.trim(), password } }),
    onSuccess: onSignedIn,
  });
  const refused = signIn.error instanceof ApiError && signIn.error.status === 401 ? signIn.error : null;

  // To the field to put right, the password selected in it as a slip is often one letter; or else to the
  // explanation, whose button to try again is next.
  useEffect(() => {
    if (refused) {
      passwordField.current?.focus();
      passwordField.current?.select();
    } else if (signIn.error) explanation.current?.focus();
  }, [refused, signIn.error]);

  function submit() {
    if (signIn.isPending) return;
    const absent = username.trim() === '' ? 'username' : password === '' ? 'password' : undefined;
    setMissing(absent);
    if (absent) {
      signIn.reset();
      (absent === 'username' ? usernameField : passwordField).current?.focus();
    } else {
      signIn.mutate();
    }
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
        value={username}
        onChange={(event) => {
          setUsername(event.target.value);
        }}
        error={missing === 'username' ? 'Enter your email.' : undefined}
      />
      <Field
        label="Password"
        ref={passwordField}
        type="password"
        name="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => {
          setPassword(event.target.value);
        }}
        error={missing === 'password' ? 'Enter your password.' : undefined}
      />
      <div aria-live="assertive">{refused && <p className="field-error">{refused.message}</p>}</div>
      <div ref={explanation} tabIndex={-1}>
        {signIn.error && !refused && <Failure {...explain(signIn.error)} onRetry={submit} />}
      </div>
      <button type="submit" className="primary" disabled={signIn.isPending}>
        {signIn.isPending ? 'Signing in…' : 'Sign in'}
      </button>
    </form>
  );
}
