// Reads the timeline of a relief report.
'use strict';

/**
 * Milliseconds from the breach to a step, the first of its kind; NaN when it was not taken.
 * @param {readonly import('spillway').TimelineEntry[]} timeline
 * @param {import('spillway').TimelineEntry['step']} step
 * @param {string} [id] of the worker that it was about
 */
function atMs(timeline, step, id) {
  return timeline.find((entry) => entry.step === step && (id === undefined || entry.id === id))?.atMs ?? NaN;
}

module.exports = { atMs };
