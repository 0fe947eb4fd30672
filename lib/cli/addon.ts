import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lineOf } from './errors.js'
import type * as library from '../index.js'

/** The package's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** The native addon: what was looked at, which one was taken, and whether it loads. */
export interface Addon {
  /** Files that there are, in the order in which they are taken. */
  readonly candidates: readonly string[]
  /** The one that is loaded. */
  readonly path: string | undefined
  /** The library on top of it; undefined where it does not load. */
  readonly library: typeof library | undefined
  /** Why not, in the loader's words. */
  readonly error: string | undefined
}

const filesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith('.node'))
      .map((file) => join(folder, file))
  } catch {
    return []
  }
}

/** Addons that were built in the package's folder. */
export const builtAddons = (): string[] => ['Release', 'Debug'].flatMap((kind) => filesIn(join(root, 'build', kind)))

/** Addons that came with the package for this platform. */
export const prebuiltAddons = (): string[] => filesIn(join(root, 'prebuilds', `${process.platform}-${process.arch}`))

/** Loads the library. */
export async function openAddon(): Promise<Addon> {
  const forced = process.env.CONVCORE_ADDON
  const candidates = forced ? [forced] : [...builtAddons(), ...prebuiltAddons()]
  const path = forced ?? found()
  try {
    return { candidates, path, library: await import('../index.js'), error: undefined }
  } catch (error) {
    const { cause, message } = error as Error
    const reason = cause instanceof Error ? cause.message : message
    return { candidates, path, library: undefined, error: lineOf(new Error(reason.replace(/\nRequire stack:.*/s, ''))) }
  }
}

function found(): string | undefined {
  const { resolve } = createRequire(import.meta.url)('node-gyp-build') as { resolve: (folder: string) => string }
  try {
    return resolve(root)
  } catch {
    return undefined
  }
}
