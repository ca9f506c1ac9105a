import { once } from 'node:events';
import { createServer, request, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttp2Server, connect } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ComponentRegistry, statusHandler, type SampleMemoryOptions, type StatusResponse } from '../../lib/accounting';
import { errorOf } from '../support/error-of';

const servers: Server[] = [];
afterEach(() => {
  jest.restoreAllMocks();
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

function newRegistry(): ComponentRegistry {
  const registry = new ComponentRegistry();
  registry.getOrCreate('cache').bounds.minimum().withFixedAmount('own', 5);
  return registry;
}

async function listen(registry = newRegistry(), options?: SampleMemoryOptions): Promise<number> {
  const server = createServer(statusHandler(registry, options)).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

interface Answer {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

async function ask(port: number, method: string, path: string, sent = ''): Promise<Answer> {
  const asked = request({ host: '127.0.0.1', port, method, path, agent: false, headers: { 'content-length': sent.length } });
  asked.end(sent);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  let body = '';
  for await (const text of response.setEncoding('utf8')) body += text as string;
  return { status: response.statusCode, headers: response.headers, body };
}

describe('statusHandler', () => {
  it.each(['/memory/status', '/memory/status?pretty', '/memory/status?'])('Saluki 37: GET %s is 200, and JSON', async (path) => {
    const { status, headers, body } = await ask(await listen(), 'GET', path);
    expect({ status, type: headers['content-type'], cache: headers['cache-control'] }).toEqual({ status: 200, type: 'application/json', cache: 'no-store' });
    expect(headers['content-length']).toBe(String(Buffer.byteLength(body)));
    expect(JSON.parse(body)).toMatchObject({ root: { measuring: true }, cache: { minimum_required_bytes: 5, actual_live_bytes: null } });
  });

  it('names that are not ASCII are whole', async () => {
    const registry = new ComponentRegistry();
    registry.getOrCreate('größe.数').resourceGroup();
    const { body } = await ask(await listen(registry), 'GET', '/memory/status');
    expect(Object.keys(JSON.parse(body) as object)).toEqual(['root', 'größe', 'größe.数']);
  });

  it('HEAD has the headers, and no body', async () => {
    const { status, headers, body } = await ask(await listen(), 'HEAD', '/memory/status');
    expect({ status, body, type: headers['content-type'] }).toEqual({ status: 200, body: '', type: 'application/json' });
    expect(Number(headers['content-length'])).toBeGreaterThan(0);
  });

  it.each([['POST'], ['PUT'], ['DELETE'], ['OPTIONS'], ['PATCH']])('%s is 405, with what is allowed', async (method) => {
    const { status, headers } = await ask(await listen(), method, '/memory/status', 'x'.repeat(1000));
    expect({ status, allow: headers.allow, type: headers['content-type'] }).toEqual({ status: 405, allow: 'GET, HEAD', type: 'application/json' });
  });

  it('any other path is 404', async () => {
    const port = await listen();
    for (const path of ['/', '/memory', '/memory/status/', '/memory/status2', '/memory%2Fstatus', '//memory/status', '/a/../memory/status', '*', `/${'x'.repeat(10_000)}`]) {
      const { status, body } = await ask(port, 'GET', path);
      expect({ status, body }).toEqual({ status: 404, body: '{"error":"There is only /memory/status here"}' });
    }
  });

  it('measures first, and does not wait for who does not answer', async () => {
    const registry = new ComponentRegistry();
    registry.getOrCreate('well').resourceGroup().trackProcess({ pid: 4, usage: () => ({ currentBytes: 7, fileBytes: 0 }), exited: new Promise(() => undefined) });
    const stuck = { threadId: 1, getHeapStatistics: () => new Promise<never>(() => undefined), once: () => undefined, off: () => undefined };
    registry.getOrCreate('stuck').resourceGroup().trackThread(stuck);
    const { body } = await ask(await listen(registry, { timeoutMs: 100 }), 'GET', '/memory/status');
    expect(JSON.parse(body)).toMatchObject({ stuck: { actual_live_bytes: null, measuring: true } });
    const again = await ask(await listen(registry, { maxAgeMs: 0, timeoutMs: 100 }), 'GET', '/memory/status');
    expect(JSON.parse(again.body)).toMatchObject({ well: { actual_live_bytes: 7, source: 'cgroup' } });
  });

  it('is made once for all who ask within maxAgeMs', async () => {
    const rss = jest.spyOn(process.memoryUsage, 'rss');
    const port = await listen(newRegistry(), { maxAgeMs: 3_600_000 });
    const [first, ...others] = await Promise.all(Array.from({ length: 20 }, () => ask(port, 'GET', '/memory/status')));
    expect(new Set(others.map(({ body }) => body))).toEqual(new Set([first?.body]));
    await ask(port, 'GET', '/memory/status');
    expect(rss).toHaveBeenCalledTimes(1);
  });

  it('is 500 when it cannot be made', async () => {
    jest.spyOn(process.memoryUsage, 'rss').mockImplementation(() => { throw new Error('ENOENT: /secret'); });
    const { status, body } = await ask(await listen(), 'GET', '/memory/status');
    expect({ status, body }).toEqual({ status: 500, body: '{"error":"The memory status could not be made"}' });
  });

  it('survives clients that go away', async () => {
    const port = await listen(newRegistry(), { maxAgeMs: 0 });
    for (let round = 0; round < 20; round++) {
      await new Promise((resolve) => {
        const asked = request({ host: '127.0.0.1', port, path: '/memory/status', agent: false }).on('error', () => undefined).on('close', resolve);
        asked.end(() => { asked.destroy(); });
      });
    }
    expect(await ask(port, 'GET', '/memory/status')).toMatchObject({ status: 200 });
  });

  it.each<[string, Partial<StatusResponse>]>([
    ['was destroyed', { destroyed: true }],
    ['was answered by somebody else', { headersSent: true }],
    ['throws', {}],
  ])('leaves a response alone that %s', async (_what, state) => {
    const written = jest.fn(() => { throw new Error('gone'); });
    statusHandler(newRegistry())({ url: '/memory/status' }, { ...state, writeHead: written, end: written });
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    expect(written).toHaveBeenCalledTimes(Object.keys(state).length === 0 ? 1 : 0);
  });

  it('works with HTTP/2', async () => {
    const http2 = createHttp2Server(statusHandler(newRegistry())).listen(0, '127.0.0.1');
    await once(http2, 'listening');
    const session = connect(`http://127.0.0.1:${(http2.address() as AddressInfo).port}`);
    try {
      const stream = session.request({ ':path': '/memory/status' });
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
      let body = '';
      for await (const text of stream.setEncoding('utf8')) body += text as string;
      expect(headers).toMatchObject({ ':status': 200, 'content-type': 'application/json' });
      expect(JSON.parse(body)).toHaveProperty('cache');
    } finally {
      session.destroy();
      http2.close();
    }
  });

  it.each([[{ maxAge: 5 }], [{ timeoutMs: -1 }], [null]])('refuses the options %j', (options) => {
    expect(errorOf(() => statusHandler(newRegistry(), options as SampleMemoryOptions))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });
});
