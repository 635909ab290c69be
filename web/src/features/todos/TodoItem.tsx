import { useId, useRef } from 'react';
import { explain } from '../../api/problem';
import { Failure } from '../../ui/Failure';
import { useDraft } from './drafts';
import { moveFocusAway } from './focus';
import { useDeleteTodo, useUpdateTodo, type Todo } from './queries';
import { RenameForm } from './RenameForm';
import { isShown, type Show } from './show';

interface Props {
  todo: Todo;
  show: Show | undefined;
  say: (sentence: string) => void;
}

const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

export function TodoItem({ todo, show, say }: Props) {
  const id = useId();
  const row = useRef<HTMLLIElement>(null);
  const renameButton = useRef<HTMLButtonElement>(null);
  // An unsaved new name is what makes this row a form.
  const [draft, setDraft] = useDraft(`rename ${todo.id}`);

  const tick = useUpdateTodo(todo.id, (updated) => {
    if (!isShown(updated, show)) moveFocusAway(row.current);
    say(updated.completed ? `Completed “${todo.task}”.` : `Reopened “${todo.task}”.`);
  });
  const remove = useDeleteTodo(todo.id, () => {
    moveFocusAway(row.current);
    say(`Deleted “${todo.task}”.`);
  });
  const busy = tick.isPending || remove.isPending;
  // What was asked for is shown until the API has answered; a refusal brings the old mark back.
  const completed = tick.isPending ? tick.variables.completed : todo.completed;

  if (draft !== undefined) {
    return (
      <li ref={row} className="todo">
        <RenameForm
          todo={todo}
          draft={draft}
          setDraft={setDraft}
          onClose={(sentence) => {
            setDraft(undefined);
            if (sentence) say(sentence);
            // The button is drawn again by then.
            requestAnimationFrame(() => renameButton.current?.focus());
          }}
        />
      </li>
    );
  }

  return (
    <li ref={row} className="todo">
      <input
        id={id}
        type="checkbox"
        checked={completed}
        aria-busy={busy}
        onChange={() => {
          if (!busy) tick.mutate({ task: todo.task, completed: !todo.completed });
        }}
      />
      <label htmlFor={id} className={completed ? 'todo-task done' : 'todo-task'}>
        {todo.task}
      </label>
      {todo.completed && todo.completedAt && (
        <p className="todo-when">
          Done <time dateTime={todo.completedAt}>{day.format(new Date(todo.completedAt))}</time>
        </p>
      )}
      <div className="todo-actions">
        <button
          ref={renameButton}
          type="button"
          className="quiet"
          aria-label={`Rename “${todo.task}”`}
          onClick={() => {
            setDraft(todo.task);
          }}
        >
          Rename
        </button>
        <button
          type="button"
          className="quiet danger"
          aria-label={`Delete “${todo.task}”`}
          onClick={() => {
            if (!busy) remove.mutate();
          }}
        >
          Delete
        </button>
      </div>
      {tick.error && (
        <Failure
          {...explain(tick.error)}
          onRetry={() => {
            tick.mutate({ task: todo.task, completed: !todo.completed });
          }}
        />
      )}
      {remove.error && (
        <Failure
          {...explain(remove.error)}
          onRetry={() => {
            remove.mutate();
          }}
        />
      )}
    </li>
  );
}
