import { Room, type RoomContext } from '../../../lib/supervisor/room/room';
import { parseRoomOptions } from '../../../lib/supervisor/room/room-options';
import type { ReclaimRequest } from '../../../lib/supervisor/room/reclaimers';
import type { WaitForRoomOptions } from '../../../lib/supervisor/room/wait-options';
import type { PoolState, Reclaimed } from '../../../lib/supervisor/types';
import { FakeClock } from '../../support/fixture-pool';

export const settle = () => new Promise(setImmediate);

/** A pool with a mark of 1000: idle memory is given back from 900, work is let in up to 950. */
export class World {
  readonly clock = new FakeClock();
  pinned: number | undefined = 0;
  mark = 1000;
  measured = 0;
  readonly told: unknown[] = [];
  readonly runs: (ReclaimRequest & { end: (results: Reclaimed[]) => void })[] = [];
  readonly ended: [string, unknown][] = [];
  timer = { runs: false, refed: false, intervalMs: 0 };
  tick: () => void = () => undefined;
  readonly room: Room;

  constructor(context: Partial<RoomContext> = {}) {
    this.room = new Room({
      ...parseRoomOptions({}),
      measure: () => this.measure(),
      reclaimers: { run: (request) => new Promise((end) => this.runs.push({ ...request, end })) },
      onAccepting: (accepting) => this.told.push(accepting),
      onWarn: ({ pinnedBytes }) => this.told.push(['warn', pinnedBytes]),
      onReclaimed: (results) => this.told.push(results),
      clock: this.clock,
      every: (intervalMs, tick) => {
        this.timer = { runs: true, refed: false, intervalMs };
        this.tick = tick;
        return { ref: () => (this.timer.refed = true), unref: () => (this.timer.refed = false), stop: () => (this.timer.runs = false) };
      },
      ...context,
    });
  }

  measure(): PoolState | undefined {
    this.measured++;
    return this.pinned === undefined ? undefined : { usage: { pinnedBytes: this.pinned }, limits: { highBytes: this.mark }, short: false, markBytes: this.mark, bytesToFree: 0 };
  }

  at(pinned: number | undefined): this {
    this.pinned = pinned;
    this.tick();
    return this;
  }

  later(ms: number): this {
    this.clock.advance(ms);
    this.tick();
    return this;
  }

  wait(name: string, options?: WaitForRoomOptions): void {
    this.follow(name, this.room.waitForRoom(options));
  }

  follow(name: string, promise: Promise<void>): void {
    promise.then(() => this.ended.push([name, 'in']), (error: unknown) => this.ended.push([name, error]));
  }

  async results(): Promise<[string, unknown][]> {
    await settle();
    return this.ended.splice(0);
  }
}
