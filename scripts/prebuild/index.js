// prebuilds/: the addon as the package carries it.
// npm run prebuild [-- --arch x64,arm64] [--cuda real|none]
// On Linux it is compiled against the headers and libraries of Debian 11, so that it runs wherever glibc is 2.31 or newer.
// npm run prebuild -- --here   takes build/Release as it is, to try the package on this machine
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { requiredVersions } from './symbols.js'
import { debian } from './sysroot.js'

process.chdir(fileURLToPath(new URL('../..', import.meta.url)))
const { platform } = process
const { values } = parseArgs({
  options: {
    arch: { type: 'string', default: process.arch },
    cuda: { type: 'string' },
    here: { type: 'boolean', default: false },
  },
})

/** What the build has to be told, for one architecture; CUDA is cross-compiled nowhere. macOS and Windows: not tried yet. */
function settings(arch) {
  const foreign = arch !== process.arch
  const cuda = foreign ? 'none' : (values.cuda ?? (platform === 'linux' && hasNvcc() ? 'real' : 'none'))
  const defines = { CONVCORE_CUDA: cuda }
  if (platform === 'darwin')
    return { defines: { ...defines, CMAKE_OSX_ARCHITECTURES: arch === 'x64' ? 'x86_64' : arch }, strip: 'strip' }
  if (platform === 'win32') return { defines: { ...defines, CMAKE_CXX_COMPILER: 'clang++' } }
  const { compiler, strip, processor } = debian(arch)
  Object.assign(defines, { CMAKE_CXX_COMPILER: compiler })
  if (cuda === 'real') Object.assign(defines, { CMAKE_CUDA_HOST_COMPILER: compiler })
  if (foreign) Object.assign(defines, { CMAKE_SYSTEM_NAME: 'Linux', CMAKE_SYSTEM_PROCESSOR: processor })
  return { defines, strip }
}

function hasNvcc() {
  return spawnSync('nvcc', ['--version']).status === 0
}

function prebuild(arch) {
  const stage = join('build', 'prebuild', `${platform}-${arch}`) // prebuildify moves what lies in its build/Release
  const { defines, strip } = settings(arch)
  console.log(`${platform}-${arch}: CUDA ${defines.CONVCORE_CUDA}`)
  mkdirSync(stage, { recursive: true })
  rmSync(join('prebuilds', `${platform}-${arch}`), { recursive: true, force: true })
  const shim = fileURLToPath(new URL('cmake-js.js', import.meta.url))
  const words = ['--napi', '--tag-libc', '--name', 'convcore', '--target', process.versions.node, '--arch', arch]
  const where = ['--cwd', stage, '--out', process.cwd(), '--node-gyp', shim]
  const stripping = strip ? ['--strip', '--strip-bin', strip] : []
  execFileSync('prebuildify', [...words, ...where, ...stripping], {
    stdio: 'inherit',
    shell: platform === 'win32',
    env: {
      ...process.env,
      PATH: join(process.cwd(), 'node_modules', '.bin') + delimiter + process.env.PATH,
      CONVCORE_DEFINES: JSON.stringify(defines),
    },
  })
  const folder = join('prebuilds', `${platform}-${arch}`)
  for (const file of readdirSync(folder)) report(join(folder, file))
}

function report(path) {
  const versions = platform === 'linux' ? requiredVersions(path) : []
  const size = `${(statSync(path).size / 1e6).toFixed(1)} MB`
  console.log([path, size, ...versions.map(({ name, version }) => `${name} ${version}`)].join(', '))
  for (const { name, version, newest, tooNew } of versions) {
    if (!tooNew) continue
    console.error(`${path} needs ${name} ${version}, newer than ${newest}`)
    process.exitCode = 1
  }
}

function copyHere() {
  const folder = join('prebuilds', `${platform}-${process.arch}`)
  const file = join(folder, platform === 'linux' ? 'convcore.glibc.node' : 'convcore.node')
  mkdirSync(folder, { recursive: true })
  copyFileSync(join('build', 'Release', 'convcore.node'), file)
  console.log(`${file}: for this machine`)
}

if (values.here) copyHere()
else for (const arch of values.arch.split(',')) prebuild(arch)
