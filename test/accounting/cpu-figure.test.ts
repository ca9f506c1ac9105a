import { type CpuFigure, CpuSum, ofThePast, unmeasuredCpu } from '../../lib/accounting/cpu-figure';

const figure = (seconds: number, rest: Partial<CpuFigure> = {}): CpuFigure => ({ seconds, source: 'thread', confidence: 'exact', sampledAt: 5, measuring: true, ...rest });

function sumOfCpu(figures: readonly CpuFigure[]): CpuFigure {
  const sum = new CpuSum();
  for (const each of figures) sum.add(each);
  return sum.figure;
}

it('a sum is that of what is known, by the rules of memory', () => {
  expect(sumOfCpu([])).toEqual(unmeasuredCpu);
  expect(sumOfCpu([figure(0.1), figure(0.2, { source: 'cgroup', sampledAt: 3 })])).toEqual(figure(0.3, { source: 'cgroup+thread', sampledAt: 3 }));
  expect(sumOfCpu([figure(1), { ...unmeasuredCpu, measuring: true }])).toEqual(figure(1, { confidence: 'lower-bound' }));
});

it('what has ended adds up, does not age, and makes no sum look old', () => {
  const past = ofThePast(ofThePast(unmeasuredCpu, figure(1)), figure(2));
  expect(past).toEqual(figure(3, { confidence: 'lower-bound', sampledAt: undefined, measuring: false }));
  expect(sumOfCpu([past, figure(4, { sampledAt: 9 })])).toMatchObject({ seconds: 7, sampledAt: 9, confidence: 'lower-bound', measuring: true });
});
