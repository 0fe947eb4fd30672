// Each program under examples/, from end to end on little data, in a process of its own as `npm run example` starts it.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import type { Example, Figures } from '../examples/example.js'
import { names } from '../examples/names.js'
import { writeSets } from './sets.js'

t.setTimeout(600_000) // busy machines

const runner = fileURLToPath(new URL('../examples/run.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'convcore-'))
t.before(() => writeSets(folder))
t.teardown(() => rmSync(folder, { recursive: true }))

/** What a program prints of its data, what it says in the end, and the pictures that it saves. */
interface Expected {
  data: RegExp
  figures: Record<string, unknown>
  pictures?: readonly string[]
  /** Its rows hold without any training. */
  holds?: true
}

const trained = (parameters: number) => ({ parameters, testAccuracy: Number, weights: /^[0-9a-f]{64}$/ })
const digits = /MNIST is not to be had, so 120 generated digits, and 120 to test/
const members = [Number, Number, Number]

const programs: Record<string, Expected> = {
  'best-model': { data: /^600 images with those that are turned/m, figures: { ...trained(3 * 620_266), members } },
  cifar10: { data: /CIFAR-10, 120 images to train on and 50 to test with/, figures: trained(269_722) },
  ensemble: { data: digits, figures: { ...trained(3 * 619_786), members } },
  'fashion-cnn': { data: /Fashion-MNIST, 120 images to train on and 50 to test with/, figures: trained(1_475_338) },
  'fashion-dnn': { data: /Fashion-MNIST, 120 images to train on and 50 to test with/, figures: trained(235_146) },
  'feature-maps': {
    data: /kind \d+$/m,
    figures: { convolved: [1, 5, 14, 14], pooled: [1, 5, 7, 7], best: /^kind \d+$/ },
    pictures: ['digit', 'convolved', 'pooled', 'features.0', 'features.6', 'features.12'],
    holds: true,
  },
  mlp: { data: digits, figures: { ...trained(39_860), naive: trained(39_760) } },
  'mnist-bn': { data: digits, figures: trained(22_000) },
  'mnist-cnn': { data: digits, figures: trained(619_786) },
  notmnist: { data: /notMNIST, A 25, B 25, .* J 25/, figures: trained(857_738) },
  polynomial: { data: /order 9, shrunk/, figures: { distances: { length: 5 } }, pictures: ['polynomial'], holds: true },
  'scratch-cnn': { data: digits, figures: { ...trained(433_890), curves: [{ train: Number, test: Number }] } },
  'transfer-learning': {
    data: /left out: .*imageNotFound\.gif\n[^]*12 photos to train on and 12 to test with/,
    figures: trained(723_522),
  },
  'validation-split': { data: digits, figures: trained(269_322), pictures: ['validation-split'] },
}

t.test('all programs are here', (t) => {
  t.same(Object.keys(programs).sort(), [...names].sort())
  t.end()
})

/** Starts a program, which must succeed, and returns what it printed and its figures. */
function run(t: Test, name: string, args: readonly string[]): { stdout: string; figures: Figures } {
  const json = join(folder, 'figures.json')
  const env: NodeJS.ProcessEnv = { ...process.env, CONVCORE_CACHE: join(folder, 'cache'), CONVCORE_OFFLINE: '1' }
  delete env.CONVCORE_DATA
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--enable-source-maps', runner, name, ...args, '--samples', '120', '--epochs', '1', '--json', json],
    { env, encoding: 'utf8' },
  )
  t.equal(status, 0, { stderr })
  return { stdout, figures: JSON.parse(readFileSync(json, 'utf8')) as Figures }
}

for (const [name, expected] of Object.entries(programs)) {
  const { rows } = (await import(`../examples/${name}.js`)) as Example
  for (const args of new Set(rows.map(({ args = [] }) => args.join(' '))))
    t.test(`${[name, args].filter(Boolean).join(' ')} runs from end to end on little data`, (t) => {
      const pictures = join(folder, 'pictures')
      mkdirSync(pictures, { recursive: true })
      const given = ['--data', folder, '--pictures', pictures]
      const { stdout, figures } = run(t, name, [...args.split(' ').filter(Boolean), ...given])
      t.match(stdout, expected.data)
      t.match(figures, { ...expected.figures, seconds: Number })
      for (const picture of expected.pictures ?? []) t.ok(existsSync(join(pictures, `${picture}.png`)), picture)
      for (const { row, judge } of rows) {
        const { figure, held } = judge(figures)
        t.match(figure, /\d|no over-fitting/, row)
        t.notMatch(figure, /NaN|undefined/, row)
        if (expected.holds) t.ok(held, figure)
        else t.type(held, 'boolean')
      }
      t.end()
    })
}

t.test('feature-maps without data shows a network as it is made', (t) => {
  const { stdout, figures } = run(t, 'feature-maps', [])
  t.match(stdout, /a network as it is made, and noise/)
  t.match(figures, { convolved: [1, 5, 14, 14], layers: ['features.0', 'features.6', 'features.12'] })
  t.ok(Math.abs((figures.total as number) - 1) < 1e-5)
  t.end()
})
