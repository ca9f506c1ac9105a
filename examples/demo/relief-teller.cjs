// How the account tells what Spillway heard, and what it did about it.
'use strict';

const { loss } = require('./tell-jobs.cjs');
const { mib, milliseconds } = require('./text.cjs');
const { atMs } = require('./timeline.cjs');

/**
 * @typedef {import('./account.cjs').Account} Account
 * @typedef {import('./workforce.cjs').Member} Member
 * @typedef {import('spillway').ReliefReport} ReliefReport
 */

class ReliefTeller {
  #account;
  #members;
  /** Breaches with a shortage since the last round of relief. */
  #heard = 0;
  #toldChurn = false;

  /**
   * @param {Account} account
   * @param {readonly Member[]} members
   */
  constructor(account, members) {
    this.#account = account;
    this.#members = members;
  }

  /**
   * The first of a shortage is told; the kernel goes on counting until there is relief.
   * @param {import('spillway').Breach} breach
   */
  breach({ short, reason, detectedAtMs }) {
    if (short) {
      this.#heard++;
      if (this.#heard === 1) this.#account.event('BREACH', reason, 'yellow', detectedAtMs);
    } else if (!this.#toldChurn) {
      this.#toldChurn = true;
      this.#account.event('HEARD', `${reason}. Nobody has to die for that.`);
    }
  }

  /** @param {ReliefReport} report */
  relief(report) {
    const { before, after, outcome, ranking, victims } = report;
    if (victims.length > 0) {
      this.#account.event('RANKING', 'Whose loss costs least? That one dies first:', undefined, moment(report, 'decided'));
      ranking.forEach(({ id, reason }, place) => this.#account.more(`${place + 1}. ${id}`, reason));
    }
    for (const victim of victims) this.#kill(report, victim);
    const [from, to] = [before, after].map(({ usage }) => mib(usage.pinnedBytes ?? 0));
    this.#account.event('RELIEF', `memory went from ${from} to ${to}; the mark is ${mib(after.markBytes)}`, 'green');
    if (this.#heard > 1) this.#account.more('', `(the breach was heard ${this.#heard} times until then)`);
    if (outcome !== 'relieved') this.#account.more('', `(but the round ended otherwise: ${outcome})`);
    this.#heard = 0;
  }

  /**
   * @param {ReliefReport} report
   * @param {import('spillway').Victim} victim
   */
  #kill(report, victim) {
    this.#account.event('KILL', `${victim.id} (process ${victim.pid}) ${howFast(report, victim)}`, 'red', moment(report, 'signalled', victim.id));
    const member = this.#members.find(({ job }) => job.id === victim.id);
    if (member) this.#account.more('', loss(member.job, member.doneSeconds));
  }
}

/**
 * @param {ReliefReport} report
 * @param {import('spillway').Victim} victim
 */
function howFast({ timeline }, { id, died }) {
  const signalled = `got its SIGKILL ${milliseconds(atMs(timeline, 'signalled', id))} after the breach was heard`;
  return died ? `${signalled} and was gone at ${milliseconds(atMs(timeline, 'exited', id))}` : `${signalled}, and did not die in time`;
}

/**
 * When a step was taken, on the time line of `performance.now()`.
 * @param {ReliefReport} report
 * @param {import('spillway').TimelineEntry['step']} step
 * @param {string} [id]
 */
function moment({ breach, timeline }, step, id) {
  return breach.detectedAtMs + atMs(timeline, step, id);
}

module.exports = { ReliefTeller };
