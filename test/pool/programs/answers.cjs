'use strict';

// answers.cjs MODULE: answers requests by answerRequests() of that module, once it was told to.
const { answerRequests } = require(process.argv[2] ?? '');

/** @type {Record<string, (body: { text?: string }) => unknown>} */
const deeds = {
  pid: () => process.pid,
  echo: ({ text }) => text,
  nothing: () => undefined,
  throw: ({ text }) => { throw new TypeError(text); },
  'throw what has no text': () => { throw Object.create(null); },
  'answer what cannot be sent': () => { /** @type {Record<string, unknown>} */ const circle = {}; circle['self'] = circle; return circle; },
  exit: () => process.exit(3),
  disconnect: () => process.disconnect(),
  hang: () => new Promise(() => undefined),
  'send garbage': ({ text }) => {
    for (const garbage of [null, 5, 'text', {}, { spillway: 'ready' }, { spillway: 'answer', id: 0 }, { spillway: 'failure', id: 1 }, { spillway: 'answer', id: 999, body: 'wrong' }]) process.send?.(garbage);
    return text;
  },
};

answerRequests((/** @type {{ deed: string, text?: string }} */ { deed, ...rest }) => deeds[deed]?.(rest));
// Lives on without its channel.
setInterval(() => undefined, 1e6);
