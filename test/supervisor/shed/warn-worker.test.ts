import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { warnWorker, type WarnTarget } from '../../../lib/supervisor/shed/warn-worker';
import { end, FakeClock } from '../../support/fixture-pool';

const settle = () => new Promise(setImmediate);
const clock = new FakeClock();

/** Its channel takes messages when the test says so. */
class FakeChild {
  connected = true;
  readonly sent: unknown[] = [];
  readonly callbacks: ((error: Error | null) => void)[] = [];
  throws: Error | undefined;

  readonly send = ((message: unknown, callback: (error: Error | null) => void): boolean => {
    if (this.throws !== undefined) throw this.throws;
    this.sent.push(message);
    this.callbacks.push(callback);
    return false;
  }) as ChildProcess['send'];
}

function target(given: Partial<WarnTarget>): WarnTarget {
  return {
    id: 'w1', how: 'ipc', shedMs: 100, child: undefined,
    signal: () => {
      throw new Error('not asked for');
    },
    ...given,
  };
}

describe('by IPC', () => {
  it('sends what should be given back, and for how long that is of use', async () => {
    const child = new FakeChild();
    const warning = warnWorker(target({ child }), 5000, clock);
    child.callbacks[0]?.(null);
    expect(await warning).toEqual({ id: 'w1', how: 'ipc' });
    expect(child.sent).toEqual([{ type: 'spillway:shed', bytes: 5000, shedMs: 100 }]);
    expect(clock.waits.size).toBe(0);
  });

  it.each([['no child', undefined], ['a closed channel', Object.assign(new FakeChild(), { connected: false })]])('%s: says so', async (_, child) => {
    expect(await warnWorker(target({ child }), 1, clock)).toEqual({ id: 'w1', how: 'ipc', error: 'it has no open IPC channel' });
    expect(clock.waits.size).toBe(0);
  });

  it('records what the callback says, and what send() throws', async () => {
    const child = new FakeChild();
    const warning = warnWorker(target({ child }), 1, clock);
    child.callbacks[0]?.(new Error('channel closed'));
    expect(await warning).toMatchObject({ error: 'Error: channel closed' });
    child.throws = new Error('broken');
    expect(await warnWorker(target({ child }), 1, clock)).toMatchObject({ error: 'Error: broken' });
    child.throws = undefined;
    const third = warnWorker(target({ child }), 1, clock);
    child.callbacks[1]?.(null);
    expect(await third).not.toHaveProperty('error');
  });

  it('one that does not read holds up nobody, and gets no second message before it has taken the first', async () => {
    const child = new FakeChild();
    const warning = warnWorker(target({ child, shedMs: 30 }), 1, clock);
    clock.advance(30);
    expect(await warning).toMatchObject({ error: 'it has not taken the message within 30 ms' });
    expect(await warnWorker(target({ child }), 1, clock)).toMatchObject({ error: 'it has not taken the message before' });
    expect(child.sent).toHaveLength(1);
    child.callbacks[0]?.(null);
    void warnWorker(target({ child }), 1, clock);
    await settle();
    expect(child.sent).toHaveLength(2);
    child.callbacks[1]?.(null);
    await settle();
    expect(clock.waits.size).toBe(0);
  });

  it('reaches a real child, and tells when its channel is gone', async () => {
    const child = spawn(process.execPath, ['-e', "process.on('message', (message) => process.send(message))"], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    try {
      const echo = once(child, 'message');
      expect(await warnWorker(target({ child }), 4096, clock)).toEqual({ id: 'w1', how: 'ipc' });
      expect((await echo)[0]).toEqual({ type: 'spillway:shed', bytes: 4096, shedMs: 100 });
      child.disconnect();
      expect(await warnWorker(target({ child }), 4096, clock)).toMatchObject({ error: 'it has no open IPC channel' });
    } finally {
      await end(child);
    }
  });
});

describe('by signal', () => {
  it('sends SIGUSR2', async () => {
    const signal = jest.fn(() => true);
    expect(await warnWorker(target({ how: 'signal', signal }), 1, clock)).toEqual({ id: 'w1', how: 'signal' });
    expect(signal.mock.calls).toEqual([['SIGUSR2']]);
  });

  it('records that it could not be sent', async () => {
    expect(await warnWorker(target({ how: 'signal', signal: () => false }), 1, clock)).toEqual({ id: 'w1', how: 'signal', error: 'it could not be signalled; it may have ended' });
    expect(await warnWorker(target({ how: 'signal' }), 1, clock)).toMatchObject({ error: 'Error: not asked for' });
  });
});
