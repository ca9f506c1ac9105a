import { atMostEvery } from './at-most-every';
import type { Component } from './component-registry';
import { memoryStatus } from './memory-status';
import { parseSampleOptions, sampleMemory, type SampleMemoryOptions } from './sample-memory';

/** What a request of `node:http`, `node:http2` and the frameworks above them has. */
export interface StatusRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
}

export interface StatusResponse {
  readonly destroyed?: boolean;
  readonly headersSent?: boolean;
  writeHead(status: number, headers: Record<string, string | number>): unknown;
  end(body: string): unknown;
}

export type StatusHandler = (request: StatusRequest, response: StatusResponse) => void;

const path = '/memory/status';
const methods = 'GET, HEAD';

/**
 * Answers `GET /memory/status` with {@link memoryStatus} as application/json, for any server that calls
 * `(request, response)`. HEAD is answered without a body, another method with 405, another path with 404: where there are
 * other routes, call it for this one alone.
 *
 * However many ask, the status is made once in `maxAgeMs` (default 1000), and whoever asks meanwhile gets the same
 * one. An answer waits at most `timeoutMs` (default 250) for figures. What it tells are names of components and their
 * memory: mind who can reach it.
 *
 * @throws ERR_SPILLWAY_INVALID_OPTION. The handler itself never throws; a response that is gone is left alone
 */
export function statusHandler(registry: Component, options: SampleMemoryOptions = {}): StatusHandler {
  const settings = parseSampleOptions('statusHandler()', options, 250);
  const status = (): Promise<string> => sampleMemory(registry, settings).then(() => JSON.stringify(memoryStatus(registry)));
  const body = atMostEvery(settings.maxAgeMs, status);
  return (request, response) => {
    void answer(request, body).then(({ code, headers, text }) => {
      const type = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), 'cache-control': 'no-store' };
      if (response.destroyed === true || response.headersSent === true) return;
      response.writeHead(code, { ...type, ...headers });
      response.end(request.method === 'HEAD' ? '' : text);
    }).catch(() => {
      // The client went away in between, or somebody else has answered it.
    });
  };
}

interface Answer {
  code: number;
  text: string;
  headers?: Record<string, string>;
}

async function answer({ method = 'GET', url = '' }: StatusRequest, body: () => Promise<string>): Promise<Answer> {
  if (url.split('?', 1)[0] !== path) return { code: 404, text: error(`There is only ${path} here`) };
  if (method !== 'GET' && method !== 'HEAD') return { code: 405, text: error(`${path} is only to be read: ${methods}`), headers: { allow: methods } };
  try {
    return { code: 200, text: await body() };
  } catch {
    return { code: 500, text: error('The memory status could not be made') };
  }
}

function error(message: string): string {
  return JSON.stringify({ error: message });
}
