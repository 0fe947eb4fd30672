// Packs what builds, tests and measures convcore on a GPU host without a package registry into one archive: the working
// tree and what tsc made of it, node, cmake and make, the modules that the library and its tests load, and MNIST where
// $CONVCORE_DATA has it. scripts/offline.sh becomes its run.sh.
// npm run pack:offline [-- --out FILE]   the suffix of FILE names the compression
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const LIMIT = 60e6 // bytes
const CMAKE = `cmake-binary-linux-${process.arch}` // runs on any Linux with glibc
const CMAKE_VERSION = '3.27.7'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const { out } = parseArgs({ options: { out: { type: 'string', default: 'build/convcore-offline.tar.xz' } } }).values
const work = 'build/offline'
const top = 'convcore-offline'
const archive = join(work, top)

function copy(from, to = from) {
  cpSync(from, join(archive, to), { dereference: true, preserveTimestamps: true })
}

/** Copies the files of a folder whose name matches. */
function copyFolder(from, pattern = /./, to = from) {
  const filter = (path) =>
    statSync(path).isDirectory() ? basename(path) !== 'node_modules' : pattern.test(basename(path))
  cpSync(from, join(archive, to), { recursive: true, preserveTimestamps: true, filter })
}

function copyProgram(path, name = basename(path)) {
  const to = join('bin', name)
  copy(path, to)
  chmodSync(join(archive, to), 0o755)
  spawnSync('strip', [join(archive, to)])
}

/** Folders of the packages that the library loads, and tap when a test fails and when it spawns another. */
function loadedPackages() {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  const program = `${Object.keys(dependencies)
    .map((name) => `import '${name}'`)
    .join('\n')}
    import t from 'tap'
    t.same({ a: 1 }, { a: 2 })
    t.test('throws', async () => { throw new Error('no') })
    t.spawn(process.execPath, ['-e', ''])`
  const coverage = join(work, 'coverage')
  const env = { ...process.env, NODE_V8_COVERAGE: coverage }
  spawnSync(process.execPath, ['--input-type=module', '--eval', program], { env, stdio: 'ignore' })
  const urls = readdirSync(coverage).flatMap((file) => {
    const { result } = JSON.parse(readFileSync(join(coverage, file), 'utf8'))
    return result.map(({ url }) => url)
  })
  const folders = urls.map((url) => /.*\/(node_modules\/(@[^/]+\/)?[^/]+)\//.exec(url)?.[0]).filter(Boolean)
  return [...new Set(folders)].map((url) => fileURLToPath(url).slice(process.cwd().length + 1))
}

rmSync(work, { recursive: true, force: true })
mkdirSync(archive, { recursive: true })

const tree = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
for (const file of tree.split('\0')) if (file && existsSync(file)) copy(file)
copy('scripts/offline.sh', 'run.sh')
for (const folder of ['dist', 'build/ts']) copyFolder(folder)

for (const folder of loadedPackages()) copyFolder(folder, /\.[cm]?js$|\.json$|^LICENSE/)
copyFolder('node_modules/node-api-headers/include')
copyFolder('node_modules/node-addon-api', /\.(h|js|json)$|^LICENSE/)

copyProgram(process.execPath, 'node')
copyProgram(execFileSync('sh', ['-c', 'command -v make'], { encoding: 'utf8' }).trim())
execFileSync('npm', ['install', '--no-save', '--prefix', work, '--loglevel', 'error', `${CMAKE}@${CMAKE_VERSION}`])
const cmake = join(work, 'node_modules', CMAKE)
const [share] = readdirSync(join(cmake, 'share')).filter((name) => name.startsWith('cmake-'))
copyProgram(join(cmake, 'bin/cmake'))
for (const part of ['Modules', 'Templates', 'include', 'Licenses'])
  copyFolder(join(cmake, 'share', share, part), /./, join('share', share, part))

const mnist = join(process.env.CONVCORE_DATA ?? '', 'mnist')
const digits =
  process.env.CONVCORE_DATA && existsSync(mnist) ? readdirSync(mnist).filter((file) => file.endsWith('-ubyte.gz')) : []
for (const file of digits) copy(join(mnist, file), join('data/mnist', file))
if (!digits.length) console.log('without MNIST: CONVCORE_DATA names no folder that has it')

const env = { XZ_OPT: '-T0', ...process.env }
execFileSync('tar', ['-C', work, '--sort=name', '--owner=0', '--group=0', '-caf', out, top], { env, stdio: 'inherit' })
const { size } = statSync(out)
console.log(`${out}: ${(size / 1e6).toFixed(1)} MB`)
if (size > LIMIT) {
  console.error(`${out} is larger than the ${LIMIT / 1e6} MB that are allowed`)
  process.exitCode = 1
}
