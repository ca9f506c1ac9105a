import { endWorkers } from '../../lib/supervisor/end-workers';
import type { CloseSettings } from '../../lib/supervisor/close-options';
import type { KillFacts } from '../../lib/supervisor/exit-cause';
import type { WorkerProcess } from '../../lib/supervisor/worker-process';
import { FakeWorker } from '../support/fixture-pool';

/** Writes down what is done to it. */
class Ending extends FakeWorker {
  readonly heard: string[] = [];

  constructor(id: string, private readonly whenAsked: 'ends' | 'stays' = 'stays') {
    super(id, 0);
  }

  override askToEnd(): void {
    this.heard.push('asked');
    if (this.whenAsked === 'ends') this.end();
  }

  override kill(why: KillFacts): void {
    this.heard.push(`killed for ${why.for}`);
    super.kill(why);
  }
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  // Whatever it waited for, nothing is left of it.
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

const hurry = new AbortController();
const never = hurry.signal;

/** Begins, and tells whether it is over. */
function begin(workers: Ending[], settings: Partial<CloseSettings>, cut = never): { over: () => boolean; done: Promise<void> } {
  let over = false;
  const done = endWorkers(workers as unknown as WorkerProcess[], { drain: false, graceMs: 0, signal: undefined, ...settings }, cut).then(() => void (over = true));
  return { over: () => over, done };
}
const settle = (): Promise<void> => jest.advanceTimersByTimeAsync(0);

it('nobody there: at once, whatever is asked for', async () => {
  await begin([], { drain: true, graceMs: 1000 }).done;
});

it('without grace kills at once', async () => {
  const workers = [new Ending('a'), new Ending('b')];
  await begin(workers, {}).done;
  expect(workers.map(({ heard }) => heard)).toEqual([['killed for close'], ['killed for close']]);
});

describe('drain', () => {
  it('waits for all, and asks nobody that ends by itself', async () => {
    const [a, b] = [new Ending('a'), new Ending('b')];
    const { over, done } = begin([a, b], { drain: true });
    a.end();
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect([over(), a.heard, b.heard]).toEqual([false, [], []]);
    b.end();
    await done;
  });

  it.each(['hurry', 'signal'] as const)('is cut by %s', async (which) => {
    const cut = new AbortController();
    const worker = new Ending('a');
    const { over, done } = begin([worker], { drain: true, signal: which === 'signal' ? cut.signal : undefined }, which === 'hurry' ? cut.signal : never);
    await settle();
    expect(over()).toBe(false);
    cut.abort();
    await done;
    expect(worker.heard).toEqual(['killed for close']);
  });

  it('after hurry those that are left still have their grace; after the signal they have none', async () => {
    const cut = new AbortController();
    cut.abort();
    const asked = new Ending('a', 'ends');
    await begin([asked], { drain: true, graceMs: 1000 }, cut.signal).done;
    const killed = new Ending('b', 'ends');
    await begin([killed], { drain: true, graceMs: 1000, signal: cut.signal }).done;
    expect([asked.heard[0], killed.heard]).toEqual(['asked', ['killed for close']]);
  });
});

describe('grace', () => {
  it('ends as soon as all have ended', async () => {
    const workers = [new Ending('a', 'ends'), new Ending('b', 'ends')];
    await begin(workers, { graceMs: 1000 }).done;
    expect(workers.map(({ heard }) => heard[0])).toEqual(['asked', 'asked']);
  });

  it('asks, waits its time and no longer, and kills', async () => {
    const worker = new Ending('a');
    const { over, done } = begin([worker, new Ending('b', 'ends')], { graceMs: 1000 });
    await jest.advanceTimersByTimeAsync(999);
    expect([over(), worker.heard]).toEqual([false, ['asked']]);
    await jest.advanceTimersByTimeAsync(1);
    await done;
    expect(worker.heard).toEqual(['asked', 'killed for close']);
  });

  it('is cut by the signal, also one that had fired before', async () => {
    const cut = new AbortController();
    const worker = new Ending('a');
    const { done } = begin([worker], { graceMs: 1000, signal: cut.signal });
    await settle();
    cut.abort();
    await done;
    expect(worker.heard).toEqual(['asked', 'killed for close']);
    const late = new Ending('b');
    await begin([late], { graceMs: 1000, signal: cut.signal }).done;
    expect(late.heard).toEqual(['killed for close']);
  });

  it('is not cut by hurry, which ends the draining only', async () => {
    const cut = new AbortController();
    cut.abort();
    const worker = new Ending('a');
    const { over, done } = begin([worker], { graceMs: 1000 }, cut.signal);
    await jest.advanceTimersByTimeAsync(999);
    expect([over(), worker.heard]).toEqual([false, ['asked']]);
    worker.end();
    await done;
  });

  it('is not given where all are dying already', async () => {
    const worker = new Ending('a');
    worker.dying = true;
    await begin([worker], { graceMs: 1000 }).done;
    expect(worker.heard).toEqual(['killed for close']);
  });
});
