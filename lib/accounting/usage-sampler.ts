/** Keeps a {@link UsageBoard} up to date. A sample that fails is none: what was published before it stays. */
export interface UsageSampler {
  /** Why the last sample failed. */
  readonly failure: Error | undefined;
  /** Takes a sample now, where this thread is the one that samples. */
  refresh(): void;
  stop(): void;
}
