import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../server.js', import.meta.url));

function start(t, port) {
  const child = spawn(process.execPath, [program], { env: { IDP_PORT: String(port) } });
  t.after(() => child.kill('SIGKILL'));
  const said = { out: '', err: '' };
  child.stdout.on('data', (data) => (said.out += data));
  child.stderr.on('data', (data) => (said.err += data));
  return { child, said };
}

async function portOf(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

test('says one line when it starts, and ends when told to', async (t) => {
  const reserved = createServer();
  const port = await portOf(reserved);
  reserved.close();
  await once(reserved, 'close');

  const { child, said } = start(t, port);
  await once(child.stdout, 'data');
  const { status } = await fetch(`http://127.0.0.1:${port}/health`);
  assert.equal(status, 204);

  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
  assert.equal(said.out, `The demo identity provider is at http://127.0.0.1:${port}\n`);
  assert.equal(said.err, '');
});

test('says in a sentence that the port is taken', async (t) => {
  const other = createServer();
  const port = await portOf(other);
  t.after(() => other.close());

  const { child, said } = start(t, port);
  const [code] = await once(child, 'close');
  assert.equal(code, 1);
  assert.equal(said.err, `Port ${port} is taken by another program.\n`);
  assert.equal(said.out, '');
});
