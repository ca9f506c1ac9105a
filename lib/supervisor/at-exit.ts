type Cleanup = () => void;

const cleanups = new Set<Cleanup>();

/** Runs when this environment's process (or worker thread) exits, synchronously, however it comes to that but a signal. */
export function atExit(cleanup: Cleanup): Disposable {
  if (cleanups.size === 0) process.on('exit', runAll);
  cleanups.add(cleanup);
  return {
    [Symbol.dispose]: () => {
      cleanups.delete(cleanup);
      if (cleanups.size === 0) process.off('exit', runAll);
    },
  };
}

function runAll(): void {
  for (const cleanup of cleanups) {
    try {
      cleanup();
    } catch {
      // The process exits: what one supervisor could not remove, its next start does.
    }
  }
}
