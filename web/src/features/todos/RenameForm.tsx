import { useEffect, useRef, useState } from 'react';
import { explain, fieldError } from '../../api/problem';
import { Failure } from '../../ui/Failure';
import { Field } from '../../ui/Field';
import { useUpdateTodo, type Todo } from './queries';
import { complaintAbout } from './task';

interface Props {
  todo: Todo;
  draft: string;
  setDraft: (text: string) => void;
  /** With the sentence to announce, or none when nothing was changed. */
  onClose: (sentence?: string) => void;
}

export function RenameForm({ todo, draft, setDraft, onClose }: Props) {
  const [complaint, setComplaint] = useState<string>();
  const field = useRef<HTMLInputElement>(null);
  const update = useUpdateTodo(todo.id, (renamed) => {
    onClose(`Renamed to “${renamed.task}”.`);
  });
  const error = complaint ?? fieldError(update.error, 'task');

  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);

  function submit() {
    if (update.isPending) return;
    const wrong = complaintAbout(draft);
    setComplaint(wrong);
    if (wrong) field.current?.focus();
    else if (draft.trim() === todo.task) onClose();
    else update.mutate({ task: draft.trim(), completed: todo.completed });
  }

  return (
    <form
      noValidate
      className="rename"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
      }}
    >
      <Field
        label={`New name of “${todo.task}”`}
        ref={field}
        autoComplete="off"
        value={draft}
        onChange={(event) => {
          setDraft(event.target.value);
          setComplaint(undefined);
        }}
        error={error}
      />
      <button type="submit" className="primary" aria-disabled={update.isPending}>
        Save
      </button>
      <button
        type="button"
        onClick={() => {
          onClose();
        }}
      >
        Cancel
      </button>
      {update.error && !error && <Failure {...explain(update.error)} onRetry={submit} />}
    </form>
  );
}
