import { constants, readdirSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Addon } from '../addon.js'
import { setVariables, variables } from '../variables.js'
import { type Check, failure, ok, warning } from './check.js'

/** Variables that nobody reads are mistyped ones. */
export function environment(): Check {
  const set = Object.keys(setVariables())
  const strange = set.filter((name) => !variables.includes(name))
  if (strange.length === 0) return ok('environment', set.join(', ') || 'no CONVCORE_ variables')
  return warning('environment', `${strange.join(', ')}: not known`, `known are ${variables.join(', ')}`)
}

/** Where downloads go. */
export async function cache({ library }: Addon): Promise<Check> {
  const name = 'cache'
  if (!library) return warning(name, 'not known: the addon does not load', 'see addon')
  const { cacheOf } = await import('../../data/locate.js')
  const folder = dirname(cacheOf('mnist'))
  if (process.env.CONVCORE_OFFLINE) return ok(name, `${folder}; CONVCORE_OFFLINE forbids downloads`)
  if (await writable(folder)) return ok(name, folder)
  const fix = 'let CONVCORE_CACHE name a folder that can be written, or use --root'
  const result = process.env.CONVCORE_CACHE ? failure : warning
  return result(name, `${folder} cannot be written`, fix)
}

/** Whether a folder, or the first one above it that there is, can be written. */
async function writable(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK | constants.X_OK)
    return readdirSync(folder) !== undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' && dirname(folder) !== folder && writable(dirname(folder))
  }
}

/** Where data sets are looked for first. */
export function dataFolder(): Check {
  const folder = process.env.CONVCORE_DATA
  if (!folder) return ok('data', 'CONVCORE_DATA is not set; the cache is looked into')
  try {
    return ok('data', `${folder}: ${readdirSync(folder).join(', ') || 'empty'}`)
  } catch (error) {
    return failure('data', (error as Error).message, 'let CONVCORE_DATA name a folder of data sets, or unset it')
  }
}
