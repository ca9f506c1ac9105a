import { EventEmitter, once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { threadSource, type TrackedThread } from '../../lib/accounting/thread-source';
import { errorOf } from '../support/error-of';

type Heap = Awaited<ReturnType<NonNullable<TrackedThread['getHeapStatistics']>>>;

class FakeThread extends EventEmitter implements TrackedThread {
  threadId = 3;
  heap: () => Promise<Heap> = () => Promise.resolve({ total_physical_size: 100, external_memory: 20, malloced_memory: 3 });
  getHeapStatistics(): Promise<Heap> {
    return this.heap();
  }
}

describe('threadSource', () => {
  const ended = jest.fn();
  beforeEach(() => { ended.mockClear(); });

  it('adds up what the JavaScript engine of the thread has of memory', async () => {
    const source = threadSource(new FakeThread(), ended);
    await source.refresh?.(0);
    expect(source.figure).toMatchObject({ bytes: 123, source: 'v8', confidence: 'exact', measuring: true });
    expect(source.inProcess).toBe(true);
  });

  it('a thread that is stuck keeps its last figure, and is not asked again', async () => {
    const thread = new FakeThread();
    const source = threadSource(thread, ended);
    await source.refresh?.(0);
    let asked = 0;
    thread.heap = () => {
      asked += 1;
      return new Promise(() => undefined);
    };
    for (let round = 0; round < 3; round++) void source.refresh?.(0);
    expect(asked).toBe(1);
    expect(source.figure.bytes).toBe(123);
  });

  it('a Node that cannot ask a thread: unknown, and said so', () => {
    const thread = new EventEmitter() as EventEmitter & TrackedThread;
    Object.assign(thread, { threadId: 3 });
    const source = threadSource(thread, ended);
    expect(source.figure).toEqual({ bytes: undefined, source: undefined, confidence: 'unknown', sampledAt: undefined, measuring: false });
    expect(source.cpu).toMatchObject({ seconds: undefined, measuring: false });
  });

  it.each([
    ['its processor time, where it tells', { cpuUsage: () => Promise.resolve({ user: 1_500_000, system: 250_000 }) }, { seconds: 1.75, source: 'thread', confidence: 'exact', measuring: true }],
    ['else how long its event loop was busy', { performance: { eventLoopUtilization: () => ({ active: 500 }) } }, { seconds: 0.5, source: 'event-loop', confidence: 'estimate', measuring: true }],
    ['which is not known before that runs', { performance: { eventLoopUtilization: () => ({ active: 0 }) } }, { seconds: undefined, measuring: true }],
  ])('%s', async (_what, members, expected) => {
    const source = threadSource(Object.assign(new FakeThread(), members), ended);
    await source.refresh?.(0);
    expect(source.cpu).toMatchObject(expected);
  });

  it('a thread that has ended keeps the processor time that was seen last', async () => {
    let active = 500;
    const source = threadSource(Object.assign(new FakeThread(), { performance: { eventLoopUtilization: () => ({ active }) } }), ended);
    await source.refresh?.(0);
    active = 0;
    await source.refresh?.(0);
    expect(source.cpu?.seconds).toBe(0.5);
  });

  it('ends with the thread, and leaves no listener when it is let go', () => {
    const thread = new FakeThread();
    const source = threadSource(thread, ended);
    source.release?.();
    expect(thread.listenerCount('exit')).toBe(0);
    threadSource(thread, ended);
    thread.emit('exit', 0);
    expect(ended).toHaveBeenCalledTimes(1);
  });

  it('a thread that has exited before has ended', async () => {
    const thread = new FakeThread();
    thread.threadId = -1;
    threadSource(thread, ended);
    expect(ended).not.toHaveBeenCalled();
    await Promise.resolve();
    expect(ended).toHaveBeenCalledTimes(1);
  });

  it.each([[undefined], [null], [3], [{}], [{ threadId: 3 }], [new EventEmitter()]])('refuses %p', (worker) => {
    expect(errorOf(() => threadSource(worker as TrackedThread, ended))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });

  it('of a real thread that holds 64 MiB is more than that, or unknown', async () => {
    const worker = new Worker(`
      const { parentPort } = require('node:worker_threads');
      const held = Buffer.alloc(64 << 20, 1);
      parentPort.on('message', () => { parentPort.postMessage(held.length); });
      parentPort.postMessage('ready');
    `, { eval: true });
    try {
      await once(worker, 'message');
      const source = threadSource(worker, ended);
      await source.refresh?.(0);
      const isAsked = 'getHeapStatistics' in worker;
      expect(source.figure.measuring).toBe(isAsked);
      if (isAsked) expect(source.figure.bytes).toBeGreaterThan(64 << 20);
      else expect(source.figure.bytes).toBeUndefined();
    } finally {
      await worker.terminate();
    }
    expect(ended).toHaveBeenCalledTimes(1);
  });
});
