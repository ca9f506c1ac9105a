/**
 * Closes on the first of the signals, and then lets the signal do what it would have done. If the
 * program handles it too, ending is the program's own matter.
 */
export function closeOnSignals(signals: readonly NodeJS.Signals[], close: () => Promise<void>): Disposable {
  const dispose = (): void => {
    for (const signal of signals) process.off(signal, onSignal);
  };
  let closing = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (closing) return;
    closing = true;
    const finish = (): void => {
      dispose();
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    };
    void close().then(finish, finish);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return { [Symbol.dispose]: dispose };
}
