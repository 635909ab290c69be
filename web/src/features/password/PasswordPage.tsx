import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { api } from '../../api/client';
import { usePerson } from '../../api/person';
import { ApiError, explain, fieldError } from '../../api/problem';
import { Failure } from '../../ui/Failure';
import { Field } from '../../ui/Field';
import { PageHeading } from '../../ui/PageHeading';

const SHORTEST = 15;

export function PasswordPage() {
  const { email, signInMethod } = usePerson();
  return (
    <>
      <PageHeading>Change password</PageHeading>
      {signInMethod === 'password' ? (
        <PasswordForm email={email} />
      ) : (
        <>
          <p>Your company’s sign-in provider keeps your password, so that is where you change it.</p>
          <p>
            <Link to="/">Back to your todos</Link>
          </p>
        </>
      )}
    </>
  );
}

function PasswordForm({ email }: { email: string }) {
  const [currentPassword, setCurrentPassword] = useState('');
  const [newPassword, setNewPassword] = useState('');
  const [tried, setTried] = useState(false);
  const currentField = useRef<HTMLInputElement>(null);
  const newField = useRef<HTMLInputElement>(null);

  const change = useMutation({
    mutationFn: () => api.POST('/api/account/password', { body: { currentPassword, newPassword } }),
    onSuccess: () => {
      setCurrentPassword('');
      setNewPassword('');
      setTried(false);
    },
  });

  const tooShort = Array.from(newPassword).length < SHORTEST;
  const isWrong = change.error instanceof ApiError && change.error.code === 'wrong_password';
  const currentError =
    tried && currentPassword === ''
      ? 'Enter your current password.'
      : isWrong
        ? change.error?.message
        : fieldError(change.error, 'currentPassword');
  const newError =
    tried && tooShort
      ? `Choose one of at least ${String(SHORTEST)} characters.`
      : fieldError(change.error, 'newPassword');

  useEffect(() => {
    if (currentError) currentField.current?.focus();
    else if (newError) newField.current?.focus();
    // Only when an answer came, not with each letter typed.
    // eslint-disable-next-line react-hooks/exhaustive-deps -- see above
  }, [change.error]);

  function submit() {
    if (change.isPending) return;
    setTried(true);
    if (currentPassword === '') currentField.current?.focus();
    else if (tooShort) newField.current?.focus();
    else change.mutate();
  }

  return (
    <form
      noValidate
      className="stack narrow"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {/* Tells a password manager whose password this is. */}
      <input hidden readOnly name="username" autoComplete="username" value={email} />
      <Field
        label="Current password"
        ref={currentField}
        type="password"
        autoComplete="current-password"
        value={currentPassword}
        onChange={(event) => {
          setCurrentPassword(event.target.value);
        }}
        error={currentError}
      />
      <Field
        label="New password"
        ref={newField}
        type="password"
        autoComplete="new-password"
        hint={`At least ${String(SHORTEST)} characters. A few words in a row do well.`}
        value={newPassword}
        onChange={(event) => {
          setNewPassword(event.target.value);
        }}
        error={newError}
      />
      <p className="muted">Changing it ends your sign-ins in other browsers and on other devices.</p>
      <div aria-live="polite">
        {change.isSuccess && (
          <p className="notice">Your password is changed. Your other sign-ins are ended.</p>
        )}
      </div>
      {change.error && !currentError && !newError && <Failure {...explain(change.error)} onRetry={submit} />}
      <div className="buttons">
        <button type="submit" className="primary" aria-disabled={change.isPending}>
          {change.isPending ? 'Changing…' : 'Change password'}
        </button>
        <Link to="/">Back to your todos</Link>
      </div>
    </form>
  );
}
