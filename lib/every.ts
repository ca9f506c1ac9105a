/** A repeating timer that keeps the process alive only while it is asked to. */
export interface Ticker {
  ref(): void;
  unref(): void;
  stop(): void;
}

/** Starts one, not keeping the process alive. Tests have their own. */
export type Every = (intervalMs: number, tick: () => void) => Ticker;

export const every: Every = (intervalMs, tick) => {
  const timer = setInterval(tick, intervalMs).unref();
  return {
    ref: () => void timer.ref(),
    unref: () => void timer.unref(),
    stop: () => {
      clearInterval(timer);
    },
  };
};
