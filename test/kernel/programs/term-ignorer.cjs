'use strict';

// term-ignorer.cjs HOLD_MIB: ignores every signal that can be ignored and holds memory.

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => console.log(`ignored ${signal}`));
process.argv.splice(2, 1, process.argv[2] ?? '0');
require('./hog.cjs');
