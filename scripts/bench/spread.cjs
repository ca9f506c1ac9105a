'use strict';

/**
 * Quantiles by the nearest rank.
 *
 * @param {number[]} values
 */
function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const quantile = (/** @type {number} */ share) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? NaN;
  return { count: sorted.length, p50: quantile(0.5), p99: quantile(0.99), min: sorted[0] ?? NaN, max: sorted.at(-1) ?? NaN };
}

module.exports = { spread };
