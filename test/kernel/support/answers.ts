import { Takeover } from '../../../lib/supervisor/takeover/takeover';
import type { PlannedKill } from '../../../lib/supervisor/takeover/planned-kill';
import { until } from './test-cgroup';

/** JavaScript does nothing else for so long. */
export function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** What was written before is on its way, and then nothing happens for so long. */
export async function blockSoon(ms: number): Promise<void> {
  await new Promise(setImmediate);
  block(ms);
}

export interface Answers {
  /** When JavaScript took or renewed a lease, by `performance.now()`. */
  leases: number[];
  /** What the native thread has told of its kills. */
  kills: PlannedKill[];
  /** Resolves when the plan that was armed last names so many victims. */
  armedWith: (victims: number) => Promise<void>;
  /** Resolves when a plan is disarmed. */
  disarmed: () => Promise<void>;
  /** Resolves when plans were armed after an action. */
  rearmed: (action: () => void) => Promise<void>;
}

/** Call it at the top of a file: what JavaScript tells the native thread, while it does so. */
export function useAnswers(): Answers {
  const leases: number[] = [];
  const kills: PlannedKill[] = [];
  const plans: (readonly number[])[] = [];
  beforeEach(() => {
    leases.length = kills.length = plans.length = 0;
    const lease = Object.getOwnPropertyDescriptor(Takeover.prototype, 'lease')?.value as () => void;
    const arm = Object.getOwnPropertyDescriptor(Takeover.prototype, 'arm')?.value as (victims: readonly number[]) => void;
    const take = Object.getOwnPropertyDescriptor(Takeover.prototype, 'kills')?.value as () => readonly PlannedKill[];
    jest.spyOn(Takeover.prototype, 'kills').mockImplementation(function (this: Takeover) {
      const taken = take.call(this);
      kills.push(...taken);
      return taken;
    });
    jest.spyOn(Takeover.prototype, 'lease').mockImplementation(function (this: Takeover) {
      lease.call(this);
      leases.push(performance.now());
    });
    jest.spyOn(Takeover.prototype, 'arm').mockImplementation(function (this: Takeover, victims) {
      arm.call(this, victims);
      plans.push(victims);
    });
  });
  afterEach(() => jest.restoreAllMocks());
  return {
    leases,
    kills,
    armedWith: (victims) => until(`a plan with ${victims} victims`, () => plans.at(-1)?.length === victims),
    async disarmed() {
      const disarm = jest.spyOn(Takeover.prototype, 'disarm');
      await until('the plan to be disarmed', () => disarm.mock.calls.length > 0);
    },
    async rearmed(action) {
      const before = plans.length;
      action();
      await until('another plan', () => plans.length > before);
    },
  };
}

/** Milliseconds from the first sight of the shortage to the signal. */
export function delayOf({ noticedAtMs, signalledAtMs }: PlannedKill): number {
  return signalledAtMs - noticedAtMs;
}

/** Says how many of the delays were within what is aimed at; a slow machine fails no test. */
export function tellDelays(what: string, delays: readonly number[], takeoverMs: number): void {
  const within = delays.filter((ms) => ms <= takeoverMs + 20).length;
  const figures = delays.map((ms) => ms.toFixed(1)).join(' ');
  console.log(`${what}: ${within} of ${delays.length} within takeoverMs + 20 ms (takeoverMs ${takeoverMs}): ${figures} ms`);
}
