import { RunTime } from '../../lib/accounting/run-time';

const hasThreadClock = 'threadCpuUsage' in process;
const clock = { micros: 0 };
beforeEach(() => {
  clock.micros = 0;
  const now = (): NodeJS.CpuUsage => ({ user: clock.micros, system: 0 });
  if (hasThreadClock) jest.spyOn(process as { threadCpuUsage: typeof now } & NodeJS.Process, 'threadCpuUsage').mockImplementation(now);
  else jest.spyOn(process, 'cpuUsage').mockImplementation(now);
});
afterEach(() => { jest.restoreAllMocks(); });

const take = (seconds: number) => (): void => { clock.micros += seconds * 1e6; };

it('accumulates, by the best clock there is', () => {
  const time = new RunTime();
  expect(time.figure.seconds).toBe(0);
  for (const seconds of [1, 0.5]) time.run(take(seconds));
  expect(time.figure).toMatchObject({ seconds: 1.5, measuring: true, ...(hasThreadClock ? { source: 'thread', confidence: 'exact' } : { source: 'process', confidence: 'upper-bound' }) });
});

it('nested work is charged to whom it is nearest to, however deep', () => {
  const [outer, middle, inner] = [new RunTime(), new RunTime(), new RunTime()];
  outer.run(() => {
    take(1)();
    middle.run(() => {
      take(2)();
      inner.run(take(4));
    });
    inner.run(take(8));
  });
  expect([outer, middle, inner].map(({ figure }) => figure.seconds)).toEqual([1, 2, 12]);
});

it('a clock that goes back takes nothing away', () => {
  const time = new RunTime();
  time.run(take(1));
  time.run(take(-5));
  expect(time.figure.seconds).toBe(1);
});
