import { cpSync, existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Consumer, pack, program } from './consumer.js'

/** Trains on drawn digits, and says how well. */
const training = `
const model = new nn.Sequential(new nn.Conv2d(1, 8, 5), new nn.ReLU(), new nn.MaxPool2d(4), new nn.Flatten(), new nn.Linear(288, 10))
const trainer = new train.Trainer(model, {
  optimizer: new optim.Adam(model.parameters(), { lr: 0.01 }),
  loss: new nn.CrossEntropyLoss(),
  metrics: [train.accuracy],
})
async function main() {
  manualSeed(0)
  await trainer.fit(data.digits({ count: 1000 }), { epochs: 2, batchSize: 50 })
  const { accuracy } = await trainer.evaluate(data.digits({ count: 200, split: 'test' }))
  if (!(accuracy > 0.8)) throw new Error('accuracy ' + accuracy)
  console.log('trained')
}`
const names = '{ data, manualSeed, nn, optim, train }'
const trains = `import ${names} from 'convcore'\n${training}\nawait main()\n`

t.setTimeout(600_000) // packages are fetched

const user = new Consumer()
t.teardown(() => user.remove())
const { filename } = pack(user.folder)
const archive = join(user.folder, filename)

t.test('npm installs it with no compiler, and without a script', async (t) => {
  for (const name of ['cc', 'gcc', 'c++', 'g++', 'cmake', 'make', 'nvcc'])
    t.not(user.run('sh', ['-c', `command -v ${name}`]).status, 0, `no ${name}`)
  const { status, output } = user.npm('install', '--ignore-scripts', '--no-audit', '--no-fund', archive)
  t.equal(status, 0, output)
  t.notOk(existsSync(join(user.folder, 'node_modules/convcore/build')), 'nothing was built')
})

t.test('an ES module imports it, and trains', async (t) => {
  user.write('module.mjs', trains)
  t.same(user.node('module.mjs'), { status: 0, output: 'trained\n' })
})

t.test('CommonJS requires it, and has what an import has', async (t) => {
  user.write('common.cjs', `const ${names} = require('convcore')\n${training}\nvoid main()`)
  t.same(user.node('common.cjs'), { status: 0, output: 'trained\n' })
  user.write('both.cjs', `import('convcore').then((c) => console.log(c.Tensor === require('convcore').Tensor))`)
  t.same(user.node('both.cjs'), { status: 0, output: 'true\n' })
})

for (const [resolution, module, ending] of [
  ['node16', 'node16', 'mts'],
  ['nodenext', 'nodenext', 'cts'], // node16 is of a time when CommonJS could not require ES modules
  ['bundler', 'esnext', 'ts'],
] as const)
  t.test(`TypeScript finds the types: ${resolution}, .${ending}`, async (t) => {
    const types = join('node_modules', '@types')
    const compiler = program('typescript@5.9.3', 'typescript/lib/tsc.js')
    const nodeTypes = program('@types/node@20', '@types/node/package.json')
    cpSync(join(nodeTypes, '..', '..'), join(user.folder, types), { recursive: true })
    cpSync(join(nodeTypes, '..', '..', '..', 'undici-types'), join(user.folder, 'node_modules/undici-types'), {
      recursive: true,
    })
    user.write(
      `typed.${ending}`,
      `import ${names} from 'convcore'\nimport type { Tensor } from 'convcore'\n${training}\n` +
        `const shape: readonly number[] = (undefined as unknown as Tensor).shape\n` +
        `// @ts-expect-error a layer has a number of channels\nnew nn.Conv2d('three', 8, 5)\nvoid [main, shape]\n`,
    )
    const options = [
      '--noEmit',
      '--strict',
      '--target',
      'es2022',
      '--lib',
      'es2022,esnext.disposable',
      '--types',
      'node',
    ]
    const { status, output } = user.node(
      compiler,
      ...options,
      ...['--moduleResolution', resolution, '--module', module],
      `typed.${ending}`,
    )
    t.equal(status, 0, output)
  })

t.test('eight worker threads load it at once, some ended early', async (t) => {
  user.write(
    'worker.mjs',
    `import { parentPort } from 'node:worker_threads'\n${trains}parentPort.postMessage('trained')\n`,
  )
  user.write(
    'threads.mjs',
    `import { Worker } from 'node:worker_threads'
    const ends = Array.from({ length: 8 }, (_, i) => new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./worker.mjs', import.meta.url), { stdout: true })
      worker.once('message', resolve).once('error', reject)
      if (i % 4 === 3) setTimeout(() => worker.terminate().then(() => resolve('ended')), 100 * i)
    }))
    console.log((await Promise.all(ends)).join(' '))
    ${trains}`,
  )
  const { status, output } = user.node('threads.mjs')
  t.equal(status, 0, output)
  t.match(output, /^(trained ){3}(trained|ended) (trained ){3}(trained|ended)\ntrained\n$/)
})

t.test('two copies in one process do not disturb each other', async (t) => {
  const copy = join(user.folder, 'node_modules/other')
  cpSync(join(user.folder, 'node_modules/convcore'), copy, { recursive: true })
  user.write('twice.mjs', `import * as other from 'other'\n${trains}console.log(other.ones([2]).add(1).dataSync())\n`)
  t.same(user.node('twice.mjs'), { status: 0, output: 'trained\nFloat32Array(2) [ 2, 2 ]\n' })
})

t.test('pnpm installs it', async (t) => {
  const other = new Consumer()
  t.teardown(() => other.remove())
  const pnpm = program('pnpm@10', 'pnpm/bin/pnpm.cjs')
  const added = other.node(pnpm, 'add', '--ignore-scripts', archive)
  t.equal(added.status, 0, added.output)
  t.match(realpathSync(join(other.folder, 'node_modules/convcore')), /\.pnpm/)
  other.write('module.mjs', trains)
  t.same(other.node('module.mjs'), { status: 0, output: 'trained\n' })
})

for (const major of ['20', '22', '24', 'latest'])
  t.test(`Node.js ${major} runs it`, async (t) => {
    const node = program(
      `node-${process.platform}-${process.arch}@${major}`,
      `node-${process.platform}-${process.arch}/bin/node`,
    )
    t.comment(user.run(node, ['--version']).output.trim())
    t.same(user.run(node, ['module.mjs']), { status: 0, output: 'trained\n' })
    t.same(user.run(node, ['common.cjs']), { status: 0, output: 'trained\n' })
  })

t.test('Bun runs it', async (t) => {
  const bun = program(
    `@oven/bun-${process.platform}-${process.arch}`,
    `@oven/bun-${process.platform}-${process.arch}/bin/bun`,
  )
  t.comment(user.run(bun, ['--version']).output.trim())
  t.same(user.run(bun, ['module.mjs']), { status: 0, output: 'trained\n' })
})
