import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Generator, io, memory, mseLoss, nn, optim, randn, Tensor, tensor, zeros } from 'convcore'
import { quickFolder, survives } from '../mutations.js'
import { settle } from '../garbage.js'

const elements = async (x: Tensor) => [...(await x.data())]

t.test('what goes in comes out', async (t) => {
  const file = join(t.testdir({}), 'all.safetensors')
  const content = {
    weights: { 'a.b': tensor([1, 2]), a: { b: tensor(Int32Array.of(3)) } },
    list: [1, 'two', null, true, [tensor([4])], { five: 5 }],
    numbers: [Infinity, -Infinity, NaN, -0, 1e-300, 2 ** 53 - 1, 0.1],
    left: undefined,
    text: '{"$tensor":"weights"}',
  }
  await io.saveCheckpoint(file, content)
  const { weights, list, ...rest } = await io.loadCheckpoint<typeof content>(file)
  t.same(await elements(weights['a.b']), [1, 2])
  t.same(await elements(weights.a.b), [3])
  t.equal(weights.a.b.dtype, 'int32')
  t.same(await elements((list[4] as Tensor[])[0]!), [4])
  t.same([...list.slice(0, 4), list[5]], [1, 'two', null, true, { five: 5 }])
  t.same(rest, { numbers: content.numbers, text: content.text })
  t.ok(Object.is(rest.numbers[3], -0))
})

t.test('a model, its optimizer and a generator go on where they were', async (t) => {
  const file = join(t.testdir({}), 'run.safetensors')
  const make = () => {
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4))
    return { model, optimizer: new optim.Adam(model.parameters()), generator: new Generator(1) }
  }
  const step = ({ model, optimizer, generator }: ReturnType<typeof make>) => {
    optimizer.zeroGrad()
    mseLoss(model(randn([5, 3], { generator })), zeros([5, 4])).backward()
    optimizer.step()
  }
  const run = make()
  step(run)
  await io.saveCheckpoint(file, { ...run, epoch: 3 })
  step(run)
  const other = make()
  const saved = await io.loadCheckpoint(file)
  other.model.loadStateDict(saved.model as nn.StateDict)
  other.optimizer.loadStateDict(saved.optimizer as optim.OptimizerStateDict)
  other.generator.setState(saved.generator as Generator)
  step(other)
  for (const [name, x] of Object.entries(run.model.stateDict()))
    t.same(await elements(other.model.stateDict()[name]!), await elements(x), name)
  t.equal(saved.epoch, 3)
  t.same(Object.keys(await io.loadSafetensors(file)).slice(0, 2), ['model.0.weight', 'model.0.bias'])
})

t.test('saving again replaces the file, and leaves no other', async (t) => {
  const folder = t.testdir({})
  const file = join(folder, 'deep', 'run.safetensors')
  await io.saveCheckpoint(file, { epoch: 1 })
  await io.saveCheckpoint(file, { epoch: 2 })
  t.same(await io.loadCheckpoint(file), { epoch: 2 })
  await t.rejects(io.saveCheckpoint(file, { bad: () => 1 }), { name: 'TypeError' })
  t.same(await io.loadCheckpoint(file), { epoch: 2 })
  t.same(readdirSync(join(folder, 'deep')), ['run.safetensors'])
})

t.test('truncated and foreign files are format errors', async (t) => {
  const folder = t.testdir({})
  const file = join(folder, 'run.safetensors')
  await io.saveCheckpoint(file, { x: zeros([100]), epoch: 1 })
  const whole = readFileSync(file)
  for (const size of [0, 4, 40, whole.length - 1]) {
    truncateSync(file, size)
    await t.rejects(io.loadCheckpoint(file), { code: 'ERR_FORMAT', message: /run\.safetensors: expected/ })
    writeFileSync(file, whole)
  }
  await io.saveSafetensors(file, { x: zeros([2]) })
  await t.rejects(io.loadCheckpoint(file), {
    code: 'ERR_FORMAT',
    message: `${file}: expected a checkpoint, got a safetensors file without its header`,
  })
  const forged = (metadata: io.Metadata) => io.saveSafetensors(file, {}, metadata)
  await forged({ 'convcore.checkpoint': '9', content: '{}' })
  await t.rejects(io.loadCheckpoint(file), { code: 'ERR_FORMAT', message: /of version 1, got 9/ })
  await forged({ 'convcore.checkpoint': '1', content: '{' })
  await t.rejects(io.loadCheckpoint(file), { code: 'ERR_FORMAT', message: /expected JSON/ })
  await forged({ 'convcore.checkpoint': '1', content: '{"x":{"$tensor":"y"}}' })
  await t.rejects(io.loadCheckpoint(file), { code: 'ERR_FORMAT', message: /expected a tensor y, got none/ })
  writeFileSync(file, 'GIF89a, and nothing that we know')
  await t.rejects(io.loadCheckpoint(file), { code: 'ERR_FORMAT' })
  await t.rejects(io.loadCheckpoint(join(folder, 'none')), { code: 'ENOENT' })
})

t.test('what is no data is refused by its path', async (t) => {
  const file = join(t.testdir({}), 'x')
  for (const [content, message] of [
    [{ a: [1, () => 1] }, /expected a\.1 to be tensors, JSON or to have a stateDict\(\), got a function/],
    [{ a: { b: new Map() } }, /expected a\.b .* got an instance of Map/],
    [{ a: 1n }, /expected a .* got 1/],
    [{ a: { $tensor: 'x' } }, /expected no key \$tensor, got one in a/],
  ] as const)
    await t.rejects(io.saveCheckpoint(file, content), { name: 'TypeError', message })
})

t.test('10,000 damaged checkpoints are refused or read', async (t) => {
  const folder = quickFolder(t)
  const whole = join(folder, 'run.safetensors')
  const content = {
    model: { weight: tensor([1, 2]), bias: tensor([3]) },
    random: new Generator(1),
    epoch: 3,
    best: NaN,
  }
  await io.saveCheckpoint(whole, content)
  await settle()
  const before = memory().tensors
  const { refused, strange } = await survives(readFileSync(whole), async (bytes, worker) => {
    const file = join(folder, String(worker))
    writeFileSync(file, bytes)
    free(await io.loadCheckpoint(file))
  })
  t.same(strange, [])
  t.ok(refused > 3000 && refused < 10_000, `${refused} were refused`)
  t.ok(memory().tensors - before < 100_000)
})

/** Frees tensors at once, which would else wait for the collector. */
function free(value: unknown): void {
  if (value instanceof Tensor) value.dispose()
  else if (typeof value === 'object' && value !== null) Object.values(value).forEach(free)
}
