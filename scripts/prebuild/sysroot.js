// An old Linux to compile against: the headers and libraries of Debian 11 (glibc 2.31, libstdc++ of GCC 10) under build/,
// and a compiler that looks there alone.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const RELEASE = 'bullseye'
const GCC = 10
const PACKAGES = ['libc6-dev', `libstdc++-${GCC}-dev`, 'linux-libc-dev']
const architectures = {
  x64: { debian: 'amd64', processor: 'x86_64' },
  arm64: { debian: 'arm64', processor: 'aarch64' },
}

/**
 * Fetches Debian 11 for an architecture, once.
 *
 * @returns paths of a compiler and of strip, and CMake's name of the processor
 */
export function debian(arch) {
  const target = architectures[arch]
  if (!target) throw new Error(`--arch: expected ${Object.keys(architectures).join(' or ')}, got ${arch}`)
  const triple = `${target.processor}-linux-gnu`
  if (spawnSync(`${triple}-g++`, ['--version']).error)
    throw new Error(`no ${triple}-g++ here: apt-get install g++-${triple.replace('_', '-')}`)
  const root = resolve('build', 'debian', target.debian)
  if (!existsSync(root)) fetch(target.debian, root)
  const compiler = resolve('build', 'debian', `${triple}-g++`)
  const program = wrapper(triple, root)
  if (!existsSync(compiler) || readFileSync(compiler, 'utf8') !== program) {
    writeFileSync(compiler, program)
    chmodSync(compiler, 0o755)
  }
  return { compiler, strip: `${triple}-strip`, processor: target.processor }
}

function fetch(arch, root) {
  if (spawnSync('mmdebstrap', ['--version']).error) throw new Error('no mmdebstrap here: apt-get install mmdebstrap')
  const part = `${root}.part`
  rmSync(part, { recursive: true, force: true })
  mkdirSync(resolve(root, '..'), { recursive: true })
  const words = ['--quiet', '--variant=extract', `--arch=${arch}`, `--include=${PACKAGES.join(',')}`]
  execFileSync('mmdebstrap', [...words, RELEASE, part, ...mirror()], { stdio: 'inherit' })
  stayInside(part)
  renameSync(part, root)
}

/** The line of the mirror that this machine gets Debian's packages from; none elsewhere, for mmdebstrap to choose. */
function mirror() {
  const words = ['indextargets', '--format', '$(ORIGIN) $(LABEL) $(REPO_URI)', 'Created-By: Packages']
  const { stdout = '' } = spawnSync('apt-get', words, { encoding: 'utf8' })
  const [, uri] = /^Debian Debian (\S+)$/m.exec(stdout ?? '') ?? []
  return uri ? [`deb ${uri} ${RELEASE} main`] : []
}

/** Links to absolute paths would lead into this system. */
function stayInside(root) {
  const listed = execFileSync('find', [root, '-type', 'l', '-lname', '/*', '-print0'], { encoding: 'utf8' })
  for (const link of listed.split('\0').filter(Boolean)) {
    const target = join(root, readlinkSync(link))
    rmSync(link)
    symlinkSync(relative(dirname(link), target), link)
  }
}

/** The compiler's own headers of instructions, and nothing else of this system. */
function wrapper(triple, root) {
  const libraries = [`${root}/usr/lib/gcc/${triple}/${GCC}`, `${root}/usr/lib/${triple}`, `${root}/lib/${triple}`]
  const headers = [`${root}/usr/include/c++/${GCC}`, `${root}/usr/include/${triple}/c++/${GCC}`]
  const words = [
    `--sysroot=${root}`,
    '-nostdinc++',
    ...headers.map((folder) => `-isystem ${folder}`),
    ...libraries.map((folder) => `-L${folder}`), // before those beside the compiler, which are newer
  ]
  return `#!/bin/sh\nexec ${triple}-g++ ${words.join(' ')} "$@"\n`
}

export const oldest = { GLIBC: '2.31', GLIBCXX: '3.4.28', CXXABI: '1.3.12', GCC: '7.0.0' }
