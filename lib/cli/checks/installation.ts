import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Addon, builtAddons, prebuiltAddons, root } from '../addon.js'
import { engines } from '../program.js'
import { type Check, failure, ok, warning } from './check.js'

/** Whether this Node.js is one that we know. */
export function node(): Check {
  const { version } = process
  const [least] = /\d+(\.\d+)*/.exec(engines.node)!
  const older = version.slice(1).localeCompare(least, 'en', { numeric: true }) < 0
  if (!older) return ok('node', version)
  return failure('node', `${version}, older than ${least}`, `install Node.js ${least} or newer`)
}

export function addonLoads({ error, path, candidates }: Addon): Check {
  if (!error) return ok('addon', path ?? 'loaded')
  const tried = candidates.length > 0 ? `${candidates.join(', ')}: ` : ''
  return failure('addon', tried + error, fixOf(error, candidates.length > 0))
}

function fixOf(error: string, found: boolean): string {
  if (process.env.CONVCORE_ADDON) return 'unset CONVCORE_ADDON, or let it name an addon that loads'
  if (/CONVCORE_\w+: expected/.test(error)) return 'set the variable as it says, or unset it'
  if (/GLIBC(XX)?_/.test(error)) return `build it for this system: npm run build:native in ${root}`
  if (found) return `build it anew: npm run build:native in ${root}, which needs a C++17 compiler`
  return `reinstall convcore on ${process.platform}-${process.arch}, or build it: npm run build:native in ${root}`
}

/** What was built here goes before what came with the package, be it older than that or than its sources. */
export function build({ path }: Addon): Check {
  const [built] = builtAddons()
  const [prebuilt] = prebuiltAddons()
  if (process.env.CONVCORE_ADDON) return ok('build', 'not taken: CONVCORE_ADDON is set')
  if (!built) return ok('build', `none; ${path ?? 'no prebuilt one either'}`)
  if (prebuilt)
    return warning(
      'build',
      `${built} is taken in place of ${prebuilt}`,
      `remove ${join(root, 'build')}, unless it is meant`,
    )
  const { mtimeMs } = statSync(built)
  const newer = newest(join(root, 'native'))
  if (newer.time <= mtimeMs) return ok('build', `${built}, newer than its sources`)
  return warning('build', `${built} is older than ${newer.path}`, 'npm run build:native')
}

function newest(folder: string): { path: string; time: number } {
  let last = { path: folder, time: 0 }
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(cpp|h|cu|def)$/.test(file)) continue
    const path = join(folder, file)
    const { mtimeMs } = statSync(path)
    if (mtimeMs > last.time) last = { path, time: mtimeMs }
  }
  return last
}

export const sharp = (): Promise<Check> => optional('sharp', 'JPEG, PNG and WebP files', () => import('sharp'))

export const echarts = (): Promise<Check> => optional('echarts', 'charts and report.html', () => import('echarts/core'))

async function optional(name: string, use: string, load: () => Promise<unknown>): Promise<Check> {
  try {
    await load()
    return ok(name, 'there')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const found = code === 'ERR_MODULE_NOT_FOUND' ? 'not installed' : `does not load: ${message.split('\n')[0]}`
    return warning(name, found, `npm install ${name}, for ${use}`)
  }
}
