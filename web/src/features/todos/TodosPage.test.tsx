import { screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { fakeApi, json, later, noContent, problem, todo, trinity } from '../../test/fake-api';
import { renderApp } from '../../test/render-app';

const milk = todo('Buy milk');
const rabbit = todo('Follow the rabbit');
const done = todo('Sleep', { completed: true });

async function page(todos = [milk, rabbit, done], path = '/') {
  const server = fakeApi();
  server.signedIn(trinity, todos);
  const app = renderApp(path);
  await screen.findByRole('heading', { name: 'Your todos' });
  await waitFor(() => {
    expect(screen.queryByText('Loading…')).toBeNull();
  });
  return { server, ...app };
}

const unavailable = () => problem(503, 'unavailable', { request_id: 'req-7' }, { 'retry-after': '5' });
const tasks = () =>
  screen.queryAllByRole('checkbox').map((box) => (box as HTMLInputElement).labels?.[0]?.textContent);

test('an added todo is in the list, and the field is ready for the next', async () => {
  const { user, server } = await page([]);
  await screen.findByText('Nothing to do.');
  server.on('POST /api/todos', () => {
    server.signedIn(trinity, [milk]);
    return json(201, milk);
  });
  await user.type(screen.getByLabelText('New todo'), '  Buy milk ');
  await user.click(screen.getByRole('button', { name: 'Add' }));
  await screen.findByRole('checkbox', { name: 'Buy milk' });
  expect(server.calls.find(({ call }) => call === 'POST /api/todos')?.body).toEqual({ task: 'Buy milk' });
  expect(screen.getByLabelText('New todo')).toHaveProperty('value', '');
  expect(document.activeElement).toBe(screen.getByLabelText('New todo'));
  expect(screen.getByText('Added “Buy milk”.')).toBeTruthy();
});

test('what was typed is kept when saving fails, and the button tries again', async () => {
  const { user, server } = await page([milk]);
  server.on('POST /api/todos', unavailable());
  await user.type(screen.getByLabelText('New todo'), 'Call Morpheus{Enter}');
  const alert = await screen.findByRole('alert');
  expect(within(alert).getByText('Sentence of unavailable. Try again in 5 seconds.')).toBeTruthy();
  expect(within(alert).getByText('req-7')).toBeTruthy();
  expect(screen.getByLabelText('New todo')).toHaveProperty('value', 'Call Morpheus');

  server.on('POST /api/todos', json(201, todo('Call Morpheus')));
  await user.click(within(alert).getByRole('button', { name: 'Try again' }));
  await waitFor(() => {
    expect(screen.getByLabelText('New todo')).toHaveProperty('value', '');
  });
  expect(screen.queryByRole('alert')).toBeNull();
});

test('what is typed on while saving is kept too', async () => {
  const { user, server } = await page([milk]);
  const answer = later();
  server.on('POST /api/todos', answer.promise);
  await user.type(screen.getByLabelText('New todo'), 'One{Enter} more');
  answer.answer(json(201, todo('One')));
  await screen.findByText('Added “One”.');
  expect(screen.getByLabelText('New todo')).toHaveProperty('value', 'One more');
});

test('an empty or overlong task is told so without asking the API; the API’s own word is shown as well', async () => {
  const { user, server } = await page([milk]);
  const field = screen.getByLabelText('New todo');
  await user.type(field, '   {Enter}');
  expect(screen.getByText('Write down what there is to do.')).toBeTruthy();
  await user.click(field);
  await user.paste('x'.repeat(501));
  await user.keyboard('{Enter}');
  expect(screen.getByText('At most 500 characters, please.')).toBeTruthy();
  expect(server.countOf('POST /api/todos')).toBe(0);

  const errors = [{ field: 'task', code: 'task', message: 'Not this one.' }];
  server.on('POST /api/todos', problem(400, 'invalid', { errors }));
  await user.clear(field);
  await user.type(field, 'Fine{Enter}');
  expect((await screen.findByText('Not this one.')).id).toBe(field.getAttribute('aria-describedby'));
});

test('a tick shows at once, and goes back when the API refuses', async () => {
  const { user, server } = await page();
  const answer = later();
  server.on(`PUT /api/todos/${milk.id}`, answer.promise);
  const box = screen.getByRole('checkbox', { name: 'Buy milk' });
  await user.click(box);
  expect(box).toHaveProperty('checked', true);
  answer.answer(unavailable());
  const alert = await screen.findByRole('alert');
  expect(box).toHaveProperty('checked', false);

  server.on(`PUT /api/todos/${milk.id}`, json(200, todo('Buy milk', { completed: true })));
  await user.click(within(alert).getByRole('button', { name: 'Try again' }));
  await screen.findByText('Completed “Buy milk”.');
  expect(box).toHaveProperty('checked', true);
  expect(server.calls.at(-1)?.body).toEqual({ task: 'Buy milk', completed: true });
});

test('renaming: the failed text stays, Escape gives up, the focus comes back', async () => {
  const { user, server } = await page();
  await user.click(screen.getByRole('button', { name: 'Rename “Buy milk”' }));
  const field = screen.getByLabelText('New name of “Buy milk”');
  expect(document.activeElement).toBe(field);
  server.on(`PUT /api/todos/${milk.id}`, unavailable());
  await user.clear(field);
  await user.type(field, 'Buy oat milk{Enter}');
  await screen.findByRole('alert');
  expect(field).toHaveProperty('value', 'Buy oat milk');

  server.on(`PUT /api/todos/${milk.id}`, json(200, { ...milk, task: 'Buy oat milk' }));
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  await screen.findByRole('checkbox', { name: 'Buy oat milk' });
  await waitFor(() => {
    expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Rename “Buy oat milk”' }));
  });

  await user.keyboard('{Enter}');
  await user.type(screen.getByLabelText('New name of “Buy oat milk”'), 'x{Escape}');
  expect(tasks()).toEqual(['Buy oat milk', 'Follow the rabbit', 'Sleep']);
});

test('deleting hands the focus to the neighbour, at the end to the heading', async () => {
  const { user, server } = await page([milk, rabbit]);
  server.on(`DELETE /api/todos/${milk.id}`, noContent());
  server.on(`DELETE /api/todos/${rabbit.id}`, noContent());
  await user.click(screen.getByRole('button', { name: 'Delete “Buy milk”' }));
  await screen.findByText('Deleted “Buy milk”.');
  expect(tasks()).toEqual(['Follow the rabbit']);
  expect(document.activeElement).toBe(screen.getByRole('checkbox', { name: 'Follow the rabbit' }));
  await user.click(screen.getByRole('button', { name: 'Delete “Follow the rabbit”' }));
  await screen.findByText('Nothing to do.');
  expect(document.activeElement).toBe(screen.getByRole('heading', { name: 'Your todos' }));
});

test('a todo that was deleted elsewhere goes when one touches it', async () => {
  const { user, server } = await page();
  server.on(`PUT /api/todos/${milk.id}`, problem(404, 'not_found'));
  server.on('GET /api/todos', json(200, { todos: [rabbit] }));
  await user.click(screen.getByRole('checkbox', { name: 'Buy milk' }));
  await waitFor(() => {
    expect(tasks()).toEqual(['Follow the rabbit']);
  });
});

test('the address says which are listed', async () => {
  const { user, address } = await page();
  await user.click(screen.getByRole('link', { name: 'Done' }));
  expect(address()).toBe('/?show=done');
  expect(tasks()).toEqual(['Sleep']);
  await user.click(screen.getByRole('link', { name: 'Open' }));
  expect(tasks()).toEqual(['Buy milk', 'Follow the rabbit']);
  expect(screen.getByRole('link', { name: 'Open' }).getAttribute('aria-current')).toBe('page');
  expect(screen.getByRole('link', { name: 'All' }).getAttribute('aria-current')).toBeNull();
});

test('a list that can’t be read says so, and an odd answer does no worse', async () => {
  const { user, server } = await page([milk]);
  server.on('GET /api/todos', new Response('<html>', { status: 200 }));
  const { queryClient } = renderApp('/');
  await queryClient.invalidateQueries();
  await screen.findByText('Something unexpected happened in this page. Try again.');
  server.on('GET /api/todos', json(200, { todos: [rabbit] }));
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  await screen.findByRole('checkbox', { name: 'Follow the rabbit' });
});
