import { MemoryLimiter } from '../accounting/memory-limiter';
import type { Containment } from './containment/types';
import { Crew } from './crew';
import { ReliefDesk } from './relief/relief-desk';
import { Reclaimers } from './room/reclaimers';
import { Room } from './room/room';
import { exactFrom } from './room/room-options';
import { warnWorkers } from './shed/warn-workers';
import type { SupervisorSettings } from './supervisor-options';
import { poolLimit } from './pool-limit';
import type { SupervisorEvents } from './types';
import { WorkerBounds } from './worker-bounds';

/** Tells the supervisor's listeners. Never throws. */
export type Tell = <Name extends keyof SupervisorEvents>(name: Name, ...args: SupervisorEvents[Name]) => void;

/** What a supervisor is made of, below its public face. */
export interface Parts {
  reclaimers: Reclaimers;
  room: Room;
  desk: ReliefDesk;
  crew: Crew;
  bounds: WorkerBounds;
}

/** Puts the parts together, and begins to watch. @throws what the start of a monitor throws */
export function assemble(settings: SupervisorSettings, containment: Containment, tell: Tell): Parts {
  const { clock, reclaimBudgetMs, name, oomScoreAdj } = settings;
  const { pool, cgroup } = containment;
  const { levels, intervalMs } = settings.room;
  const limiter = cgroup === undefined ? undefined : new MemoryLimiter({ cgroup, slowAtFraction: exactFrom(levels), intervalMs });
  const reclaimers = new Reclaimers((error) => {
    tell('degraded', error);
  });
  const room = new Room({
    ...settings.room,
    clock,
    measure: () => pool?.gauge.measure(true),
    limiter,
    reclaimers,
    onAccepting: (accepting) => {
      tell('accepting', accepting);
    },
    onWarn: ({ pinnedBytes, markBytes }) => {
      void warnWorkers(crew.workers(), Math.ceil(pinnedBytes - markBytes * levels.reclaimAt), clock);
    },
    onReclaimed: (reclaimed) => {
      settings.logger.debug({ supervisor: name, reclaimed }, 'Idle memory was given back before the mark');
    },
  });
  const desk = new ReliefDesk({
    ...settings,
    pool: name,
    workers: () => crew.workers(),
    reclaim: (bytes) => reclaimers.run({ bytes, budgetMs: reclaimBudgetMs, clock }),
    warn: (workers, bytes) => warnWorkers(workers, bytes, clock),
    onBusy: (busy) => {
      if (busy) room.pause();
      else room.resume();
    },
    emit: tell,
  });
  const bounds = new WorkerBounds({ ...settings.bounds, limit: () => poolLimit(settings, pool) });
  const crew: Crew = new Crew({
    containment,
    desk,
    bounds,
    oomScoreAdj,
    accepting: () => room.accepting,
    slowDown: (signal) => room.slowDown(signal && { signal }),
    emit: tell,
  });
  try {
    if (pool !== undefined) desk.watch(pool);
  } catch (error) {
    // Its plans are looked after by a timer.
    desk.stop();
    limiter?.stop();
    throw error;
  }
  room.start();
  return { reclaimers, room, desk, crew, bounds };
}
