// The live account: rows of figures as time goes on, and between them what happens, in words.
'use strict';

const { paint } = require('./paint.cjs');
const { WIDTH, wrap } = require('./text.cjs');
const { MIB } = require('./workload.cjs');

/** @typedef {import('./workforce.cjs').Member} Member */

const BAR_CELLS = 16;
const COLUMN = 10;
const TIME = 7;
const LABEL = 12;

class Account {
  #write;
  #startedAtMs = 0;
  #maxBytes = Infinity;
  /** @type {number | undefined} */
  #markBytes;

  /** @param {(text: string) => void} write */
  constructor(write) {
    this.#write = write;
  }

  /**
   * A new half begins, and its time.
   * @param {string} title
   * @param {string} text
   * @param {{ maxBytes: number, markBytes?: number }} limits
   */
  begin(title, text, { maxBytes, markBytes }) {
    this.#startedAtMs = performance.now();
    this.#maxBytes = maxBytes;
    this.#markBytes = markBytes;
    this.#line();
    this.#line(paint('bold', title));
    this.text(text);
    this.#line();
  }

  /** @param {string} text */
  text(text) {
    for (const line of wrap(text, WIDTH)) this.#line(line);
  }

  /** @param {readonly Member[]} members */
  columns(members) {
    const names = members.map(({ job }) => job.id.padStart(COLUMN)).join('');
    const units = members.map(() => 'MiB done'.padStart(COLUMN)).join('');
    this.#line(paint('dim', `${'time'.padStart(TIME - 1)}  ${'memory of all'.padEnd(BAR_CELLS + 1)}  MiB${names}`));
    this.#line(paint('dim', `${' '.repeat(TIME + BAR_CELLS + 6)}${units}`));
  }

  /**
   * @param {number} pinnedBytes of the pool
   * @param {readonly Member[]} members
   */
  row(pinnedBytes, members) {
    const total = String(Math.round(pinnedBytes / MIB)).padStart(4);
    this.#line(`${paint('dim', this.#time())}${this.#bar(pinnedBytes)}${total}${members.map((member) => cell(member)).join('')}`);
  }

  /**
   * Something that happened.
   * @param {string} label at most eleven characters
   * @param {string} text
   * @param {import('./paint.cjs').Colour} [colour] of the label
   * @param {number} [atMs] when, on the time line of `performance.now()`, which is the default
   */
  event(label, text, colour, atMs) {
    this.#labelled(paint('dim', this.#time(atMs)), label, text, colour);
  }

  /**
   * More about the event before.
   * @param {string} label
   * @param {string} text
   */
  more(label, text) {
    this.#labelled(' '.repeat(TIME), label, text);
  }

  /**
   * @param {string} time
   * @param {string} label
   * @param {string} text
   * @param {import('./paint.cjs').Colour} [colour]
   */
  #labelled(time, label, text, colour) {
    const padded = label.padEnd(LABEL);
    const head = `${time}${colour === undefined ? padded : paint(colour, padded)}`;
    const indent = ' '.repeat(TIME + LABEL);
    wrap(text, WIDTH - indent.length).forEach((line, index) => this.#line((index === 0 ? head : indent) + line));
  }

  #time(atMs = performance.now()) {
    return `${((atMs - this.#startedAtMs) / 1000).toFixed(1).padStart(TIME - 3)} s `;
  }

  /** @param {number} bytes */
  #bar(bytes) {
    const scale = BAR_CELLS / this.#maxBytes;
    const filled = Math.min(BAR_CELLS, Math.round(bytes * scale));
    const mark = this.#markBytes === undefined ? -1 : Math.round(this.#markBytes * scale);
    const cells = Array.from({ length: BAR_CELLS }, (_, at) => (at < filled ? '#' : at === mark ? '|' : '.'));
    const share = bytes / (this.#markBytes ?? this.#maxBytes);
    return `[${paint(share > 0.95 ? 'red' : share > 0.8 ? 'yellow' : 'green', cells.join(''))}]`;
  }

  #line(text = '') {
    this.#write(`${text.trimEnd()}\n`);
  }
}

/** @param {Member} member */
function cell({ job, state, doneSeconds, memoryBytes }) {
  if (state === 'waiting') return ' '.repeat(COLUMN);
  if (state === 'starting') return paint('dim', 'starting'.padStart(COLUMN));
  if (state === 'finished') return paint('green', 'finished'.padStart(COLUMN));
  if (state !== 'working') return paint('red', 'killed'.padStart(COLUMN));
  const done = `${Math.floor((doneSeconds / job.workSeconds) * 100)}%`;
  return String(Math.round(memoryBytes / MIB)).padStart(COLUMN - 5) + done.padStart(5);
}

module.exports = { Account };
