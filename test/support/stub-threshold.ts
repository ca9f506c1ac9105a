import { native, type NativeThresholdReport } from '../../lib/native';

export interface StubThreshold {
  /** The options of the last start. */
  options: () => unknown;
  /** Has the native core tell something. */
  tell: (report?: Partial<NativeThresholdReport>) => void;
  unwatched: number[];
}

const quiet: NativeThresholdReport = {
  breach: false,
  crossed: false,
  over: false,
  removed: false,
  level: 0,
  totalBytes: 1000,
  usedBytes: 100,
  thresholdBytes: 700,
  clearBytes: 600,
  usage: {},
  limits: {},
  short: false,
  noticedMs: 0,
};

/** Takes the place of the native core. Call it in a test; it ends with the test's mocks. */
export function stubThreshold(): StubThreshold {
  let callback: (report: NativeThresholdReport) => void = () => undefined;
  let options: unknown;
  const unwatched: number[] = [];
  jest.spyOn(native(), 'watchThreshold').mockImplementation((given, toTell) => {
    options = given;
    callback = toTell;
    return 7;
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
