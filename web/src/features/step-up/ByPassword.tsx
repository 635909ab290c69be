import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { api } from '../../api/client';
import { usePerson } from '../../api/person';
import { ApiError, explain } from '../../api/problem';
import { session } from '../../api/session';
import { stepUp } from '../../api/step-up';
import { Failure } from '../../ui/Failure';
import { Field } from '../../ui/Field';

/** Signs in again, in place of the present sign-in. */
export function ByPassword({ onCancel }: { onCancel: () => void }) {
  const { email } = usePerson();
  const [password, setPassword] = useState('');
  const [isMissing, setIsMissing] = useState(false);
  const field = useRef<HTMLInputElement>(null);

  const confirm = useMutation({
    mutationFn: () => api.POST('/api/signin', { body: { username: email, password } }),
    onSuccess: () => {
      session.renewed();
      stepUp.confirmed();
    },
  });
  const refused = confirm.error instanceof ApiError && confirm.error.status === 401 ? confirm.error : null;

  useEffect(() => {
    if (!refused) return;
    field.current?.focus();
    field.current?.select();
  }, [refused]);

  function submit() {
    if (confirm.isPending) return;
    setIsMissing(password === '');
    if (password !== '') confirm.mutate();
    else {
      confirm.reset();
      field.current?.focus();
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
      {/* Tells a password manager whose password this is. */}
      <input hidden readOnly name="username" autoComplete="username" value={email} />
      <Field
        label="Password"
        ref={field}
        type="password"
        name="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => {
          setPassword(event.target.value);
        }}
        error={isMissing ? 'Enter your password.' : refused?.message}
      />
      {confirm.error && !refused && <Failure {...explain(confirm.error)} onRetry={submit} />}
      <div className="buttons">
        <button type="submit" className="primary" aria-disabled={confirm.isPending}>
          {confirm.isPending ? 'One moment…' : 'Confirm'}
        </button>
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}
