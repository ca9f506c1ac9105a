// A service that says beforehand how much memory it needs, and takes less in as it runs short: see README.md.
'use strict';

const { createServer } = require('node:http');
const { ComponentRegistry, MemoryLimiter, formatBounds, statusHandler, verifyMemory } = require('spillway/accounting');

const registry = new ComponentRegistry();
const MiB = 2 ** 20;

/** Files that were put here last. */
const cache = {
  maxBytes: 64 * MiB,
  /** @type {Map<string, Buffer>} */
  files: new Map(),
  bytes: 0,
  memory: registry.getOrCreate('cache').resourceGroup(),

  /** @param {import('spillway/accounting').BoundsBuilder} builder */
  specifyBounds(builder) {
    builder.firm().withFixedAmount('files', this.maxBytes);
  },
  /** @param {string} name @param {Buffer[]} pieces */
  put(name, pieces) {
    this.drop(name);
    const file = this.memory.allocate(pieces.reduce((bytes, { length }) => bytes + length, 0));
    pieces.reduce((at, piece) => at + piece.copy(file, at), 0);
    for (const oldest of this.files.keys()) {
      if (this.bytes + file.length <= this.maxBytes) break;
      this.drop(oldest);
    }
    this.files.set(name, file);
    this.bytes += file.length;
  },
  /** @param {string} name */
  drop(name) {
    this.bytes -= this.files.get(name)?.length ?? 0;
    this.files.delete(name);
  },
};

/** Files that are on their way in. */
const uploads = {
  most: 16,
  maxBytes: MiB,
  count: 0,

  /** @param {import('spillway/accounting').BoundsBuilder} builder */
  specifyBounds(builder) {
    builder.firm().withArray('pieces', this.maxBytes, this.most);
  },
  /** @param {import('node:http').IncomingMessage} request */
  async read(request) {
    if (this.count >= this.most) throw Object.assign(new Error('too many uploads'), { status: 503 });
    this.count += 1;
    try {
      const pieces = [];
      let bytes = 0;
      for await (const piece of request) {
        bytes += piece.length;
        if (bytes > this.maxBytes) throw Object.assign(new Error('too large'), { status: 413 });
        pieces.push(piece);
        // While memory runs short each piece takes its time, and so does the client that sends it.
        await limiter.waitForCapacity();
      }
      return pieces;
    } finally {
      this.count -= 1;
    }
  },
};

registry.bounds.withSubcomponent('cache', cache).withSubcomponent('http.uploads', uploads);
registry.getOrCreate('http.connections').bounds.minimum().withArray('sockets', '16KiB', 100);

const mode = /** @type {import('spillway/accounting').MemoryMode} */ (process.env['MEMORY_MODE'] ?? 'strict');
const limitBytes = process.env['MEMORY_LIMIT'];
const { limit, verified } = verifyMemory(registry, { mode, ...(limitBytes !== undefined && { limitBytes }) });
if (verified !== undefined) console.log(formatBounds(verified));

const limiter = new MemoryLimiter({ limitBytes: limit.bytes });
const status = statusHandler(registry);

const server = createServer(async (request, response) => {
  const { method, url = '' } = request;
  if (url === '/memory/status') return status(request, response);
  try {
    if (method === 'PUT') {
      cache.put(url, await uploads.read(request));
      response.writeHead(204).end();
      return;
    }
    const file = cache.files.get(url);
    response.writeHead(file === undefined ? 404 : 200).end(file);
  } catch (error) {
    const { status = 400, message } = /** @type {Error & { status?: number }} */ (error);
    // What is left of the upload is not waited for.
    response.writeHead(status, { connection: 'close' }).end(`${message}\n`);
  }
});
server.maxConnections = 100;
server.listen(Number(process.env['PORT'] ?? 8080), () => console.log('listening on', server.address()));
process.once('SIGTERM', () => {
  limiter.stop();
  server.close();
  server.closeAllConnections();
});
