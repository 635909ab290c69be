import { useRef, useState } from 'react';
import { explain, fieldError } from '../../api/problem';
import { Failure } from '../../ui/Failure';
import { Field } from '../../ui/Field';
import { useDraft, useSending } from './drafts';
import { useAddTodo } from './queries';
import { complaintAbout } from './task';

export function AddTodo({ say }: { say: (sentence: string) => void }) {
  const [draft = '', setDraft] = useDraft('new');
  const sending = useSending('new');
  const [complaint, setComplaint] = useState<string>();
  const form = useRef<HTMLFormElement>(null);
  const field = useRef<HTMLInputElement>(null);

  const add = useAddTodo((todo) => {
    sending.onSaved(todo.task);
    // Ready for the next one, unless the person is elsewhere by now.
    if (form.current?.contains(document.activeElement)) field.current?.focus();
    say(`Added “${todo.task}”.`);
  });
  const error = complaint ?? fieldError(add.error, 'task');

  function submit() {
    if (add.isPending) return;
    const wrong = complaintAbout(draft);
    setComplaint(wrong);
    if (wrong) {
      add.reset();
      field.current?.focus();
    } else {
      const task = draft.trim();
      add.mutate({ task, key: sending.keyFor(task) });
    }
  }

  return (
    <form
      ref={form}
      noValidate
      className="add"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Field
        label="New todo"
        ref={field}
        name="task"
        autoComplete="off"
        value={draft}
        onChange={(event) => {
          setDraft(event.target.value);
          setComplaint(undefined);
        }}
        error={error}
      />
      <button type="submit" className="primary" aria-disabled={add.isPending}>
        {add.isPending ? 'Adding…' : 'Add'}
      </button>
      {add.error && !error && <Failure {...explain(add.error)} onRetry={submit} />}
    </form>
  );
}
