import t from 'tap'
import { capture, getDefaultDevice, memory, nn, noGrad, randn, relu, scope, sync, type Tensor } from 'convcore'
import { labels, images, training } from './training.js'
import { settle } from '../garbage.js'

t.test('memory is flat over replays, and goes when the captured function is disposed of', async (t) => {
  const { step } = training()
  const captured = capture(step)
  const run = () => scope(() => void captured(images(8), labels(8)))
  for (let i = 0; i < 3; i++) run()
  await sync()
  await settle()
  const { live, tensors } = memory()
  for (let i = 0; i < 50; i++) run()
  t.equal(memory().live, live)
  t.equal(memory().tensors, tensors)
  captured.dispose()
  t.ok(memory().live < live, `${memory().live} < ${live}`)
  t.equal(captured.plans, 0)
  for (let i = 0; i < 3; i++) run()
  t.equal(captured.plans, 1, 'and it may be used again')
})

// Checked builds give each tensor a block of its own.
const skip = process.env.CONVCORE_SANITIZED || getDefaultDevice() !== 'cpu:0' ? 'no pool in this build' : false

t.test('the garbage collector frees what a captured function that is gone has recorded', async (t) => {
  const x = randn([256, 256])
  await settle()
  const { live } = memory()
  record()
  t.ok(memory().live > live)
  await settle()
  t.equal(memory().live, live)

  function record() {
    const step = capture((x: Tensor) => relu(x).add(1))
    for (let i = 0; i < 3; i++) scope(() => void step(x))
  }
})

t.test('memory of a captured step is shared by what is not needed at the same time', { skip }, (t) => {
  const layers = () => new nn.Sequential(...Array.from({ length: 20 }, () => new nn.Conv2d(4, 4, 3, { padding: 1 })))
  const model = layers()
  const x = randn([8, 4, 32, 32])
  const bytes = x.size * 4
  const before = memory().live
  const run = capture((x: Tensor) => noGrad(() => model(x)))
  for (let i = 0; i < 3; i++) scope(() => void run(x))
  t.ok(memory().live - before < 6 * bytes, `${memory().live - before} bytes for tensors of ${bytes}`)
  t.end()
})
