import { createServer } from 'node:http';
import { createApp } from './app.js';

function stop(sentence) {
  console.error(sentence);
  process.exit(1);
}

const { env } = process;

const port = Number(env.IDP_PORT || 4000);
if (!Number.isInteger(port) || port < 1 || port > 65535) {
  stop(`IDP_PORT must be a port number from 1 to 65535; "${env.IDP_PORT}" is none.`);
}

/** An address without a path, as browsers write it. */
function origin(name, otherwise) {
  const given = env[name] || otherwise;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || given.replace(/\/$/, '') !== url.origin) {
    stop(`${name} must be an address such as ${otherwise}; "${given}" is none.`);
  }
  return url.origin;
}

const settings = {
  origin: origin('IDP_ORIGIN', `http://127.0.0.1:${port}`),
  apiUrl: origin('CURFEW_API_URL', 'http://localhost:3333'),
  publicUrl: origin('CURFEW_PUBLIC_URL', 'http://localhost:3000'),
};
if (!settings.origin.startsWith('http://'))
  stop('IDP_ORIGIN must begin with http://, which is what is spoken here.');

const server = createServer(await createApp(settings));

server.on('error', (error) => {
  if (error.code === 'EADDRINUSE') stop(`Port ${port} is taken by another program.`);
  stop(`The demo identity provider cannot listen: ${error.message}`);
});
server.listen(port, env.IDP_LISTEN || '127.0.0.1', () => {
  console.log(`The demo identity provider is at ${settings.origin}`);
});

// Nothing is kept, so there is nothing to wait for.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
