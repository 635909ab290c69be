import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { explain } from '../../api/problem';
import { Failure } from '../../ui/Failure';
import { PageHeading } from '../../ui/PageHeading';
import { Waiting } from '../../ui/Waiting';
import { AddTodo } from './AddTodo';
import { todosQuery, type Todo } from './queries';
import { isShown, type Show } from './show';
import { TodoItem } from './TodoItem';
import './todos.css';

export function TodosPage({ show }: { show: Show | undefined }) {
  const todos = useQuery(todosQuery);
  const [said, say] = useState('');

  return (
    <>
      <PageHeading>Your todos</PageHeading>
      <p role="status" className="visually-hidden">
        {said}
      </p>
      <AddTodo say={say} />
      {todos.error && !todos.isFetching && (
        <Failure {...explain(todos.error)} onRetry={() => void todos.refetch()} />
      )}
      {todos.data && <List all={todos.data} show={show} say={say} />}
      {todos.isFetching && !todos.data && <Waiting />}
    </>
  );
}

interface ListProps {
  all: Todo[];
  show: Show | undefined;
  say: (sentence: string) => void;
}

function List({ all, show, say }: ListProps) {
  if (all.length === 0) {
    return (
      <div className="empty">
        <p className="empty-lead">Nothing to do.</p>
        <p>Write down the first thing above, and it will wait for you here.</p>
      </div>
    );
  }
  const shown = all.filter((todo) => isShown(todo, show));
  const open = all.filter((todo) => !todo.completed).length;
  return (
    <section aria-label="Todos">
      <div className="list-head">
        <p>{open === 0 ? 'All done' : `${String(open)} open`}</p>
        <nav className="filter" aria-label="Show">
          <Filter label="All" show={undefined} />
          <Filter label="Open" show="open" />
          <Filter label="Done" show="done" />
        </nav>
      </div>
      {shown.length === 0 ? (
        <p className="empty">{show === 'done' ? 'Nothing is done yet.' : 'Nothing is left to do.'}</p>
      ) : (
        <ul className="todos">
          {shown.map((todo) => (
            <TodoItem key={todo.id} todo={todo} show={show} say={say} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Filter({ label, show }: { label: string; show: Show | undefined }) {
  return (
    <Link to="/" search={show ? { show } : {}} activeOptions={{ exact: true, explicitUndefined: true }}>
      {label}
    </Link>
  );
}
