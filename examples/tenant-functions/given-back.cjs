'use strict';

/** Counts what a pool or a cache gives back when it is asked to. */
class GivenBack {
  bytes = 0;

  /** @param {import('spillway').Reclaimer} reclaimer */
  constructor(reclaimer) {
    this.reclaimer = reclaimer;
  }

  get name() {
    return this.reclaimer.name;
  }

  get idleSinceMs() {
    return this.reclaimer.idleSinceMs;
  }

  /** @type {import('spillway').Reclaimer['reclaim']} */
  async reclaim(...wanted) {
    const bytes = await this.reclaimer.reclaim(...wanted);
    this.bytes += bytes;
    return bytes;
  }
}

module.exports = { GivenBack };
