// Prints a row of figures every two seconds, or every second when memory gets scarce.
'use strict';

const { setTimeout: delay } = require('node:timers/promises');
const { pinnedBytes } = require('./pool-memory.cjs');

const CALM_MS = 2000;
const SCARCE_MS = 1000;
const SCARCE_SHARE = 0.84;
const TICK_MS = 100;
/** Longer than any relief should take. */
const HOLD_MS = 10_000;

class Watch {
  #account;
  #workforce;
  #cgroup;
  #limitBytes;
  #nextRowMs = 0;

  /**
   * @param {object} watched
   * @param {import('./account.cjs').Account} watched.account
   * @param {import('./workforce.cjs').Workforce} watched.workforce
   * @param {string} watched.cgroup directory of the pool
   * @param {number} watched.limitBytes where it becomes short
   */
  constructor({ account, workforce, cgroup, limitBytes }) {
    this.#account = account;
    this.#workforce = workforce;
    this.#cgroup = cgroup;
    this.#limitBytes = limitBytes;
  }

  /**
   * Runs the workforce to its end and watches it.
   * @param {AbortSignal} signal
   */
  async run(signal) {
    const end = new AbortController();
    this.#account.columns(this.#workforce.members);
    const rows = this.#rows(end.signal);
    try {
      await this.#workforce.run(signal);
    } finally {
      end.abort();
      await rows;
    }
    this.row();
  }

  /** One row now, and the next one a while later. */
  row() {
    const bytes = pinnedBytes(this.#cgroup);
    this.#workforce.look();
    this.#account.row(bytes, this.#workforce.members);
    const isScarce = bytes > SCARCE_SHARE * this.#limitBytes;
    this.#nextRowMs = performance.now() + (isScarce ? SCARCE_MS : CALM_MS);
  }

  /** No rows in between: another one is to be told first, and calls `row()` then. */
  hold() {
    this.#nextRowMs = performance.now() + HOLD_MS;
  }

  /** @param {AbortSignal} end */
  async #rows(end) {
    while (!end.aborted) {
      if (performance.now() >= this.#nextRowMs) this.row();
      await delay(TICK_MS, undefined, { signal: end }).catch(() => undefined);
    }
  }
}

module.exports = { Watch };
