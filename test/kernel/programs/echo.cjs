'use strict';

// echo.cjs, started by fork(): sends back what it gets, and its arguments and its cgroup at first.

const { readFileSync } = require('node:fs');

if (process.send === undefined) throw new Error('it has no IPC channel');
process.send({ args: process.argv.slice(2), cgroup: readFileSync('/proc/self/cgroup', 'utf8').trim() });
process.on('message', (message) => process.send?.({ echo: message }));
