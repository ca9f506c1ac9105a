import { parse, View } from 'vega';
import { compile } from 'vega-lite';

/** Readable on white and on the dark page of a code host alike: the picture brings its own paper. */
const config = /** @type {const} */ ({
  background: '#ffffff',
  font: 'Helvetica, Arial, sans-serif',
  padding: 14,
  view: { stroke: null },
  axis: { labelColor: '#57606a', titleColor: '#57606a', titleFontWeight: 'normal', gridColor: '#eaeef2', domainColor: '#d0d7de', tickColor: '#d0d7de', labelFontSize: 11, titleFontSize: 11 },
  header: { labelColor: '#24292f', labelFontSize: 12, labelFontWeight: 'bold', title: null },
  legend: { labelColor: '#57606a', titleColor: '#57606a', labelFontSize: 11, orient: 'bottom', title: null },
  title: { color: '#24292f', subtitleColor: '#57606a', fontSize: 15, subtitleFontSize: 12, anchor: 'start', offset: 12, subtitlePadding: 5 },
});

/**
 * @param {import('vega-lite').TopLevelSpec} specification
 * @returns {Promise<string>} SVG
 */
export async function render(specification) {
  const { spec } = compile({ ...specification, config });
  return `${await new View(parse(spec), { renderer: 'none' }).toSVG()}\n`;
}
