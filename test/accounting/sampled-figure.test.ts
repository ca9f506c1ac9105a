import { sampledMemory } from '../../lib/accounting/memory-figure';
import { type Measured, SampledFigure } from '../../lib/accounting/sampled-figure';

beforeEach(() => { jest.useFakeTimers({ now: 1_000_000 }); });
afterEach(() => { jest.useRealTimers(); });

const measured = (bytes: number): Measured => ({ bytes, source: 'rss', confidence: 'upper-bound' });

describe('SampledFigure', () => {
  it('is unknown, and measuring, until the first answer', async () => {
    const figure = new SampledFigure(sampledMemory, () => Promise.resolve(measured(5)));
    expect(figure.last).toEqual({ bytes: undefined, source: undefined, confidence: 'unknown', sampledAt: undefined, measuring: true });
    await figure.refresh(0);
    expect(figure.last).toEqual({ bytes: 5, source: 'rss', confidence: 'upper-bound', sampledAt: 1_000_000, measuring: true });
  });

  it('asks again only when the last time is long enough ago, however the wall clock jumps', async () => {
    let asked = 0;
    const figure = new SampledFigure(sampledMemory, () => Promise.resolve(measured(++asked)));
    await figure.refresh(1000);
    jest.setSystemTime(9_000_000);
    await figure.refresh(1000);
    expect(asked).toBe(1);
    jest.advanceTimersByTime(1000);
    await figure.refresh(1000);
    expect(figure.last).toMatchObject({ bytes: 2, sampledAt: 9_001_000 });
  });

  it('does not ask who has not answered yet, and takes the late answer', async () => {
    const answers: ((answer: Measured) => void)[] = [];
    const figure = new SampledFigure(sampledMemory, () => new Promise((resolve) => { answers.push(resolve); }));
    const first = figure.refresh(0);
    jest.advanceTimersByTime(60_000);
    expect(figure.refresh(0)).toBe(first);
    expect(answers).toHaveLength(1);
    answers[0]?.(measured(3));
    await first;
    expect(figure.last).toMatchObject({ bytes: 3, sampledAt: 1_060_000 });
  });

  it.each<[string, () => Promise<Measured | undefined>]>([
    ['no answer', () => Promise.resolve(undefined)],
    ['a rejection', () => Promise.reject(new Error('EMFILE'))],
    ['what is thrown', () => { throw new Error('EMFILE'); }],
  ])('%s leaves the last figure, with its age', async (_what, answer) => {
    let next: () => Promise<Measured | undefined> = () => Promise.resolve(measured(5));
    const figure = new SampledFigure(sampledMemory, () => next());
    await figure.refresh(0);
    next = answer;
    jest.advanceTimersByTime(5000);
    await figure.refresh(0);
    expect(figure.last).toMatchObject({ bytes: 5, sampledAt: 1_000_000, measuring: true });
  });
});
