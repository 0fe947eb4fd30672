import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { pack, root } from './consumer.js'

const folder = mkdtempSync(join(tmpdir(), 'convcore-pack-'))
t.teardown(() => rmSync(folder, { recursive: true }))
const { files, size, unpackedSize } = pack(folder)
const paths = files.map(({ path }) => path)
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`

t.test('the package has what an import needs', async (t) => {
  for (const path of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'dist/index.js', 'dist/index.d.ts'])
    t.ok(paths.includes(path), path)
  t.ok(
    paths.some((path) => /^prebuilds\/[\w-]+\/convcore(\.\w+)?\.node$/.test(path)),
    'an addon',
  )
})

t.test('its entry points, programs and what they load are in it', async (t) => {
  const { exports, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string | Record<string, string>>
    bin?: Record<string, string>
  }
  const named = Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? entry : Object.values(entry)))
  for (const path of [...named, ...Object.values(bin ?? {})]) t.ok(paths.includes(path.replace('./', '')), path)
})

t.test('it can be built from source', async (t) => {
  for (const path of ['CMakeLists.txt', 'native/ops.def', 'native/cuda/cuda.cmake', 'native/addon.cpp'])
    t.ok(paths.includes(path), path)
})

t.test('no tests, benchmarks, examples, fixtures or intermediate results are in it', async (t) => {
  const allowed = /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|CMakeLists\.txt|dist\/|native\/|prebuilds\/)/
  t.same(
    paths.filter((path) => !allowed.test(path)),
    [],
  )
  t.same(
    paths.filter((path) => /(^|\/)(test|bench|fixtures|emulation|examples)\/|\.tsbuildinfo$|(?<!\.d)\.ts$/.test(path)),
    [],
  )
})

t.test('it is small', async (t) => {
  const addons = files.filter(({ path }) => path.endsWith('.node'))
  const rest = files.filter(({ path }) => !path.endsWith('.node'))
  const sum = (some: typeof files) => some.reduce((total, file) => total + file.size, 0)
  for (const file of addons) t.comment(`${file.path}: ${megabytes(file.size)}`)
  t.comment(`${rest.length} other files: ${megabytes(sum(rest))}`)
  t.comment(`packed ${megabytes(size)}, unpacked ${megabytes(unpackedSize)}`)
  t.ok(sum(rest) < 6e6, 'without addons less than 6 MB')
  for (const file of addons) t.ok(file.size < 40e6, `${file.path} has less than 40 MB`)
  t.ok(size < 60e6, 'packed less than 60 MB')
})
