import { native, type NativePressureReport } from '../../lib/native';

export interface StubPressure {
  /** The options of the last start. */
  options: () => unknown;
  /** Has the native core tell something. */
  tell: (report?: Partial<NativePressureReport>) => void;
  unwatched: number[];
}

const quiet: NativePressureReport = {
  breach: false,
  stalled: false,
  removed: false,
  totals: { someMs: 0, fullMs: 0 },
  growth: { someMs: 0, fullMs: 0 },
  usage: {},
  limits: {},
  shortness: { known: false, short: false, markBytes: Infinity, clearBytes: Infinity, bytesToFree: 0 },
  noticedMs: 0,
};

/** Takes the place of the kernel: a stall cannot be made everywhere. Call it in a test; it ends with the test's mocks. */
export function stubPressure(granted: { stallMs: number; windowMs: number } = { stallMs: 150, windowMs: 1000 }): StubPressure {
  let callback: (report: NativePressureReport) => void = () => undefined;
  let options: unknown;
  const unwatched: number[] = [];
  jest.spyOn(native(), 'watchPressure').mockImplementation((given, toTell) => {
    options = given;
    callback = toTell;
    return { id: 7, ...granted };
  });
  jest.spyOn(native(), 'unwatch').mockImplementation((id) => {
    unwatched.push(id);
  });
  return {
    options: () => options,
    tell: (report = {}) => {
      callback({ ...quiet, ...report });
    },
    unwatched,
  };
}
