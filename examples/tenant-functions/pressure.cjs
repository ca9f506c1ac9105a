'use strict';

const stepMiB = 8;
/** Above 0.90 of the mark, where idle memory is asked for, and below the mark, where somebody would be killed. */
const upTo = 0.94;

/**
 * A worker that takes memory until nothing idle is left, and then ends. Resolves when it has ended.
 *
 * @param {import('spillway').Supervisor} supervisor
 * @param {() => boolean} isEnough
 */
async function press(supervisor, isEnough) {
  const worker = await supervisor.fork(require.resolve('./hog.cjs'), [], {}, { id: 'hog', retriable: true });
  const timer = setInterval(() => {
    const { pool } = supervisor.status();
    if (pool === undefined || isEnough()) return void worker.kill();
    const { usage: { pinnedBytes = 0 }, markBytes } = pool;
    if (pinnedBytes + stepMiB * 2 ** 20 < upTo * markBytes) worker.process.send(stepMiB);
  }, 300);
  try {
    return await worker.exited;
  } finally {
    clearInterval(timer);
  }
}

module.exports = { press };
