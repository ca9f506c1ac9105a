import { EventEmitter } from 'node:events';
import { emitSafely } from '../lib/emit-safely';
import { runApart } from './support/fixture-pool';

interface Events {
  told: [number, string];
  nothing: [];
}

it('tells all listeners, in order, with all arguments', () => {
  const emitter = new EventEmitter();
  const told: unknown[] = [];
  emitter.on('told', (...args) => told.push(['a', ...(args as unknown[])]));
  emitter.on('told', (...args) => told.push(['b', ...(args as unknown[])]));
  emitSafely<Events, 'told'>(emitter, 'told', 1, 'x');
  expect(told).toEqual([['a', 1, 'x'], ['b', 1, 'x']]);
});

it('is silent when nobody listens', () => {
  emitSafely<Events, 'nothing'>(new EventEmitter(), 'nothing');
});

it('returns though a listener throws, and throws the error in the next tick', () => {
  const thrown: (() => void)[] = [];
  const nextTick = jest.spyOn(process, 'nextTick').mockImplementation((callback: unknown) => {
    thrown.push(callback as () => void);
  });
  try {
    const emitter = new EventEmitter();
    const error = new Error('of a listener');
    emitter.on('nothing', () => {
      throw error;
    });
    emitSafely<Events, 'nothing'>(emitter, 'nothing');
    expect(thrown).toHaveLength(1);
    expect(thrown[0]).toThrow(error);
  } finally {
    nextTick.mockRestore();
  }
});

it("is an 'uncaughtException' for the process, after the work that was under way", async () => {
  const printed = await runApart(`
    const { EventEmitter } = require('events');
    const emitter = new EventEmitter();
    process.on('uncaughtException', (error) => console.log('uncaught', error.message));
    emitter.on('told', () => { throw new Error('of a listener'); });
    lib('emit-safely').emitSafely(emitter, 'told');
    console.log('went on');`);
  expect(printed).toBe('went on\nuncaught of a listener\n');
});
