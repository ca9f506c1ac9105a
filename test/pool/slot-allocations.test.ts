import { runApart } from '../support/fixture-pool';

// An object, or a number that is no small integer, is 12 bytes at least: of 3 million, one for each would fill
// the young generation (16 MiB) twice. Until they are compiled, which takes its time, there may be some.
it('alloc() and free() allocate nothing: in one of ten rounds of 3 million each the collector never runs', async () => {
  const collections = await runApart(`
    const { SlotAllocator } = lib('pool/slot-allocator');
    const { constants, PerformanceObserver } = require('perf_hooks');
    require('v8').setFlagsFromString('--expose-gc');
    const gc = require('vm').runInNewContext('gc');
    let collections = 0;
    let told;
    new PerformanceObserver((list) => {
      const kinds = list.getEntries().map(({ detail }) => detail.kind);
      collections += kinds.filter((kind) => kind === constants.NODE_PERFORMANCE_GC_MINOR).length;
      if (kinds.includes(constants.NODE_PERFORMANCE_GC_MAJOR)) told?.();
    }).observe({ entryTypes: ['gc'] });
    // All are told of in order, but late: this one comes last. The observer does not keep the process alive.
    const collect = () => new Promise((resolve) => {
      const alive = setInterval(() => undefined, 1000);
      told = () => resolve(clearInterval(alive));
      gc();
    });
    const slots = new SlotAllocator({ capacity: 1000, maxUnusedWarmSlots: 10 });
    const options = { residentBytes: 4096 };
    const turn = () => { for (let i = 0; i < 3000000; i += 1) slots.free(slots.alloc(i % 20).slot, options); };
    const rounds = [];
    for (let round = 0; round < 10 && !rounds.includes(0); round += 1) {
      await collect();
      collections = 0;
      turn();
      await collect();
      rounds.push(collections);
    }
    console.log(Math.min(...rounds));`);
  expect(collections).toBe('0\n');
}, 60_000);
