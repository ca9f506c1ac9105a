import { SpillwayError } from '../errors';
import type { Parts, Tell } from './assemble';
import type { CloseSettings } from './close-options';
import type { Containment } from './containment/types';
import { endWorkers } from './end-workers';

/** After this time it is told who is waited for, in milliseconds. */
const stuckAfterMs = 10_000;

/** Lets nobody in any more, ends all workers, waits for them, and removes the pool. `hurry` ends the draining. */
export async function closeDown({ room, desk, crew }: Parts, containment: Containment, settings: CloseSettings, hurry: AbortSignal, tell: Tell): Promise<void> {
  room.stop();
  if (!settings.drain) desk.stop();
  // Also because workers that the program has unref'd must not let it exit before they are gone.
  const reminder = setInterval(() => {
    tellStuck(crew, tell);
  }, stuckAfterMs);
  try {
    const workers = await crew.dismiss();
    await endWorkers(workers, settings, hurry);
    // An event may start no round now; the one under way ends before its next victim.
    desk.stop();
    await Promise.all([...workers.map(({ exited }) => exited), desk.rounds]);
    containment.remove();
  } finally {
    clearInterval(reminder);
  }
}

/** Processes in the kernel's hands (state D) do not die, and nobody would know why it waits. */
function tellStuck(crew: Parts['crew'], tell: Tell): void {
  const stuck = crew.workers().filter((worker) => worker.dying && !worker.stuck);
  for (const worker of stuck) worker.markStuck();
  if (stuck.length === 0) return;
  const names = stuck.slice(0, 8).map(({ facts, pid }) => `${facts.id} (process ${pid})`).join(', ');
  tell('degraded', new SpillwayError('ERR_SPILLWAY_STUCK', `close() waits for workers that were killed and do not die: ${names}; see 'ps -o pid,stat,wchan'`));
}
