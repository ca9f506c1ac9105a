import { Worker, type WorkerOptions } from 'node:worker_threads';
import type { CreateRequest, ResourceHooks } from './warm-types';

export interface WarmThreadsOptions<K> {
  /** The module that each thread runs. */
  file: string | URL;
  /** As for `new Worker()`; a function is asked for each thread. Default none. */
  threadOptions?: WorkerOptions | ((key: K) => WorkerOptions);
}

/**
 * Hooks that keep worker threads warm: `new WarmPool({ ...warmThreads({ file }), capacity: 8 })`. A thread is ready when it runs. One
 * that has ended, or failed, is not lent again; one that is given up is terminated. What a thread uses of the heap and of buffers
 * counts to the whole process: nobody can measure it from outside.
 */
export function warmThreads<K = unknown>({ file, threadOptions = {} }: WarmThreadsOptions<K>): Required<Pick<ResourceHooks<Worker, K>, 'create' | 'destroy'>> {
  return {
    create: (request) => started(new Worker(file, typeof threadOptions === 'function' ? threadOptions(request.key) : threadOptions), request),
    destroy: (thread) => thread.terminate(),
  };
}

function started(thread: Worker, { signal, lost }: CreateRequest<unknown>): Promise<Worker> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
      void thread.terminate();
    };
    thread.once('online', () => {
      signal.removeEventListener('abort', abort);
      resolve(thread);
    });
    // Without a listener its errors would end this process; the one who uses it may listen, too.
    thread.on('error', (error) => {
      reject(error);
      lost();
    });
    thread.once('exit', (code) => {
      signal.removeEventListener('abort', abort);
      reject(new Error(`The thread ended with code ${code} before it was ready`));
      lost();
    });
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
  });
}
