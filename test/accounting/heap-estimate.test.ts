import { ComponentRegistry } from '../../lib/accounting';
import { HeapEstimate, type Heap } from '../../lib/accounting/heap-estimate';

class FakeHeap implements Heap {
  bytes = 1000;
  listeners = 0;
  collect: () => void = () => undefined;

  used(): number {
    return this.bytes;
  }

  onCollected(listener: () => void): () => void {
    this.listeners += 1;
    this.collect = listener;
    return () => { this.listeners -= 1; };
  }
}

it('what the heap grows by while its code runs is its', () => {
  const heap = new FakeHeap();
  const estimate = new HeapEstimate(heap);
  expect(estimate.run(() => { heap.bytes += 300; return 'done'; })).toBe('done');
  heap.bytes += 5000; // somebody else's
  estimate.run(() => { heap.bytes += 100; });
  expect(estimate.figure).toEqual({ bytes: 400, source: 'heap-growth', confidence: 'estimate', sampledAt: expect.any(Number) as number, measuring: true });
});

it('also of code that throws', () => {
  const heap = new FakeHeap();
  const estimate = new HeapEstimate(heap);
  expect(() => estimate.run(() => { heap.bytes += 7; throw new Error('no'); })).toThrow('no');
  expect(estimate.figure.bytes).toBe(7);
});

it('a collection takes of each guess what it takes of the heap', () => {
  const heap = new FakeHeap();
  const estimate = new HeapEstimate(heap);
  estimate.run(() => { heap.bytes += 1000; });
  heap.bytes = 500;
  heap.collect();
  expect(estimate.figure.bytes).toBe(250);
  heap.bytes = 900; // has grown since: nothing is known to be gone
  heap.collect();
  expect(estimate.figure.bytes).toBe(250);
});

it('a collection in the middle counts nothing', () => {
  const heap = new FakeHeap();
  const estimate = new HeapEstimate(heap);
  estimate.run(() => { heap.bytes -= 400; });
  expect(estimate.figure.bytes).toBe(0);
});

it('what runs for another one within it is that one\'s', () => {
  const heap = new FakeHeap();
  const [outer, inner, innermost] = [new HeapEstimate(heap), new HeapEstimate(heap), new HeapEstimate(heap)];
  outer.run(() => {
    heap.bytes += 1;
    inner.run(() => {
      heap.bytes += 10;
      innermost.run(() => { heap.bytes += 100; });
    });
    inner.run(() => { heap.bytes += 10; });
  });
  outer.run(() => { heap.bytes += 1; });
  expect([outer, inner, innermost].map(({ figure }) => figure.bytes)).toEqual([2, 20, 100]);
});

it('listens to the collector once it is used, until it is released', () => {
  const heap = new FakeHeap();
  const estimate = new HeapEstimate(heap);
  expect(heap.listeners).toBe(0);
  for (let turn = 0; turn < 3; turn += 1) estimate.run(() => undefined);
  expect(heap.listeners).toBe(1);
  estimate.release();
  estimate.release();
  expect(heap.listeners).toBe(0);
});

it('of a group: opt-in, labelled, and over with it', () => {
  const registry = new ComponentRegistry();
  const group = registry.getOrCreate('parser').resourceGroup();
  group.run(() => 1);
  expect(group.figure.measuring).toBe(false);
  const kept: object[] = [];
  // Collections may come in the middle of some of them, not of all.
  for (let turn = 0; turn < 50; turn += 1) group.run(() => { for (let each = 0; each < 2000; each += 1) kept.push({ each }); }, { estimate: true });
  expect(group.figure).toMatchObject({ source: 'heap-growth', confidence: 'estimate' });
  expect(group.figure.bytes).toBeGreaterThan(kept.length);
  group.unregister();
  expect(group.figure.bytes).toBeUndefined();
});
