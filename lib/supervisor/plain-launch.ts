import { spawn } from 'node:child_process';
import type { Program } from './containment/types';
import { MainProcess } from './main-process';
import { isSupported, native } from '../native';

/**
 * Starts a program by `child_process` alone. Rejects with what it emits when the program cannot be
 * executed, or was aborted before it could be; no process is left then.
 */
export async function plainLaunch({ file, args, options }: Program): Promise<MainProcess> {
  const child = spawn(file, args, options);
  // Now, while the process cannot have been reaped: later its pid may be somebody else's.
  const pidfd = child.pid === undefined || !isSupported() ? undefined : native().openPidfd(child.pid);
  const main = MainProcess.ofChild(child, typeof pidfd === 'number' ? pidfd : undefined);
  let failure: Error | undefined;
  await new Promise<void>((resolve) => {
    child.once('error', (error) => {
      failure = error;
      resolve();
    });
    // An AbortSignal that has fired already tells so in the same tick, after this.
    child.once('spawn', resolve);
  });
  if (failure === undefined) return main;
  if (child.pid !== undefined) {
    main.signal('SIGKILL');
    await main.ended;
  }
  main.release();
  throw failure;
}
