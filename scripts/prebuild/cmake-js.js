#!/usr/bin/env node
// What prebuildify takes for node-gyp: cmake-js, with node-gyp's arguments in its own words. It runs in the folder whose
// build/Release prebuildify looks into.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { arch: { type: 'string' } }, strict: false })
const source = fileURLToPath(new URL('../..', import.meta.url))
const defines = Object.entries(JSON.parse(process.env.CONVCORE_DEFINES))
const { status } = spawnSync(
  process.execPath,
  [
    join(source, 'scripts', 'native.js'),
    ...['--directory', source, '--out', join(process.cwd(), 'build'), '--arch', values.arch],
    ...(process.platform === 'win32' ? ['--generator', 'Ninja'] : []), // Visual Studio's own compiler has no vectors
    ...defines.map(([name, value]) => `--CD${name}=${value}`),
  ],
  { stdio: 'inherit', cwd: source },
)
process.exitCode = status ?? 1
