// Folders of users: where the packed package is installed, far from its sources and with no compiler on the PATH.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../../../', import.meta.url))
const npm = join(dirname(dirname(process.execPath)), 'lib/node_modules/npm/bin/npm-cli.js')

export interface Packed {
  readonly filename: string
  /** Bytes of the archive and of what is in it. */
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string; readonly size: number; readonly mode: number }[]
}

/** What `npm pack` makes of this package; the archive lies in `folder`. */
export function pack(folder: string): Packed {
  const words = [npm, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  return (JSON.parse(execFileSync(process.execPath, words, { cwd: root, encoding: 'utf8' })) as [Packed])[0]
}

export interface Run {
  readonly status: number | null
  readonly output: string
}

/** A folder outside of the sources; removed in the end. */
export class Consumer {
  readonly folder = mkdtempSync(join(tmpdir(), 'convcore-consumer-'))
  /** The only folder on the PATH: node and a shell. */
  readonly path = join(this.folder, 'bin')

  constructor() {
    mkdirSync(this.path)
    symlinkSync(process.execPath, join(this.path, 'node'))
    symlinkSync('/bin/sh', join(this.path, 'sh'))
    this.write('package.json', JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  }

  write(name: string, text: string): string {
    const file = join(this.folder, name)
    writeFileSync(file, text)
    return file
  }

  /** Runs a program in the folder. */
  run(program: string, words: readonly string[], { cwd = this.folder }: { cwd?: string } = {}): Run {
    const { status, stdout, stderr, error } = spawnSync(program, words, {
      cwd,
      encoding: 'utf8',
      env: { PATH: this.path, HOME: this.folder, CONVCORE_OFFLINE: '1', ...registry() },
    })
    return { status, output: error ? String(error) : `${stdout}${stderr}` }
  }

  node(...words: string[]): Run {
    return this.run(process.execPath, words)
  }

  npm(...words: string[]): Run {
    return this.node(npm, ...words)
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Where packages come from, as this machine is set up. */
function registry(): Record<string, string> {
  const ours = Object.entries(process.env).filter(([name]) =>
    /^(npm_config_(registry|userconfig|cafile)|NODE_EXTRA_CA_CERTS|https?_proxy)$/i.test(name),
  )
  return Object.fromEntries(ours as [string, string][])
}

/** A file of a package of the registry, which is installed once, under build/. */
export function program(spec: string, path: string): string {
  const folder = join(root, 'build/programs', spec.replace(/[@/]/g, '-'))
  const file = join(folder, 'node_modules', path)
  if (existsSync(file)) return file
  mkdirSync(folder, { recursive: true })
  const words = [npm, 'install', '--ignore-scripts', '--no-save', '--silent', '--prefix', folder, spec]
  execFileSync(process.execPath, words, { stdio: 'inherit' })
  return file
}
