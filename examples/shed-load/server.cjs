// A server that refuses work while memory is short: see README.md.
'use strict';

const { createServer } = require('node:http');
const { createMonitors } = require('spillway');

const { monitors, decisions } = createMonitors();
for (const { name, made, reason } of decisions) console.log(`${name}: ${made ? 'yes' : 'no'}, ${reason}`);

let shedding = false;
for (const monitor of monitors) {
  const look = () => { shedding = monitors.some(({ state }) => state === 'breached'); };
  monitor.on('breach', look).on('breach', ({ reason }) => console.log(reason));
  monitor.on('clear', look).on('clear', () => console.log('clear'));
  monitor.on('degraded', ({ message }) => console.log(message));
  monitor.start();
}

const server = createServer((_request, response) => {
  response.writeHead(shedding ? 503 : 200).end(shedding ? 'short of memory, try again\n' : 'hello\n');
}).listen(Number(process.env['PORT'] ?? 8080), () => console.log('listening on', server.address()));
