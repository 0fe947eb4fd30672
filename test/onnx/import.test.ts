import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { FormatError, memory, onnx, ones, randn, scope, tensor, Tensor, zeros } from 'convcore'
import { mutations } from '../mutations.js'
import { modelFile, type ModelSpec } from './file.js'
import { settle } from '../garbage.js'

const load = (spec: ModelSpec) => onnx.importModel(modelFile(spec))
const weight = { shape: [4, 3, 3, 3], floats: new Array<number>(108).fill(0.1) }
const fixtureBytes = (file: string) => readFileSync(fileURLToPath(new URL(`../../../../test/fixtures/onnx/${file}`, import.meta.url))) // prettier-ignore

t.test('operators that are not known are listed, all of them', async (t) => {
  const nodes = [
    ['NonZero', ['x'], ['a']],
    ['Relu', ['x'], ['b']],
    ['Foo', ['a'], ['c']],
    ['Foo', ['c'], ['y']],
  ] as const
  await t.rejects(load({ nodes }), { name: 'FormatError', message: 'got Foo (2), NonZero (1)' })
  await t.rejects(load({ nodes: [['constructor', ['x'], ['y']]] }), { message: 'got constructor (1)' })
})

t.test('graphs that cannot run are refused', async (t) => {
  const refused: Record<string, ModelSpec> = {
    "expected input 'z' to come from somewhere": { nodes: [['Add', ['x', 'z'], ['y']]] },
    'expected a graph without a cycle': { nodes: [['Add', ['x', 'b'], ['a']], ['Relu', ['a'], ['b']], ['Relu', ['b'], ['y']]] }, // prettier-ignore
    "expected one 'y', got another": { nodes: [['Relu', ['x'], ['y']], ['Relu', ['x'], ['y']]] }, // prettier-ignore
    "expected outputs that nodes make, got 'z'": { nodes: [['Relu', ['x'], ['y']]], outputs: ['z'] },
    'expected outputs that nodes make, got none': { nodes: [['Relu', ['x'], ['y']]], outputs: [] },
    'expected 2 inputs, got 1': { nodes: [['Add', ['x'], ['y']]] },
    'expected operators of opset 7 to 25, got 6': { nodes: [['Relu', ['x'], ['y']]], opset: 6 },
    'expected attribute alpha of type float, got type 2': { nodes: [['Elu', ['x'], ['y'], { alpha: 1 }]] },
    'expected attribute auto_pad to be one of NOTSET, SAME_UPPER, SAME_LOWER, VALID, got "ALL"': { nodes: [['Conv', ['x', 'w'], ['y'], { auto_pad: 'ALL' }]], constants: { w: weight } }, // prettier-ignore
    'expected strides from 1 on': { nodes: [['Conv', ['x', 'w'], ['y'], { strides: [0, 1] }]], constants: { w: weight } }, // prettier-ignore
    'expected attribute kernel_shape': { nodes: [['MaxPool', ['x'], ['y']]] },
    'expected 4 elements of [4], got 3': { nodes: [['Add', ['x', 'c'], ['y']]], constants: { c: { shape: [4], floats: [1, 2, 3] } } }, // prettier-ignore
  }
  for (const [message, spec] of Object.entries(refused)) await t.rejects(load(spec), { name: 'FormatError', message }, message) // prettier-ignore
})

t.test('nodes may stand in any order', async (t) => {
  const model = await load({
    nodes: [
      ['Add', ['b', 'a'], ['y']],
      ['Abs', ['a'], ['b']],
      ['Neg', ['x'], ['a']],
    ],
    inputs: { x: [2] },
  })
  t.same([...model(tensor([1, -2])).dataSync()], [0, 4])
})

t.test('a call with other inputs than the graph has is refused', async (t) => {
  const model = await load({ nodes: [['Add', ['a', 'b'], ['y']]], inputs: { a: [2, 3], b: [3] } })
  t.throws(() => model(zeros([2, 3])), { name: 'TypeError', message: 'expected 2 inputs (a, b), got 1' })
  t.throws(() => model(zeros([2, 4]), zeros([3])), { name: 'ShapeError', message: 'expected a of shape [2, 3], got [2, 4]' }) // prettier-ignore
  t.throws(() => model(zeros([2, 3]), 3 as never), TypeError)
  t.same(model.inputs, [
    { name: 'a', shape: [2, 3] },
    { name: 'b', shape: [3] },
  ])
})

t.test('errors of a run name the node', async (t) => {
  const model = await load({ nodes: [['Conv', ['x', 'w'], ['y']]], constants: { w: { ...weight, shape: [4, 9, 3, 1] } } }) // prettier-ignore
  t.throws(() => model(zeros([2, 3, 5, 6])), { name: 'ShapeError', message: /^onnx, Conv 'node0': conv2d: / })
  const shaped = await load({ nodes: [['Reshape', ['x', 'x'], ['y']]] })
  t.throws(() => shaped(zeros([2, 3, 5, 6])), { name: 'FormatError', message: 'expected input 1 to be constant' })
})

t.test('names of weights that modules use themselves get a sign behind', async (t) => {
  const model = await load({
    nodes: [['Add', ['x', 'training'], ['y']]],
    inputs: { x: [2] },
    constants: { training: { shape: [2], floats: [1, 2] } },
  })
  t.same(Object.keys(model.stateDict()), ['training_'])
  t.same([...model(ones([2])).dataSync()], [2, 3])
})

t.test('weights lie in other files of the folder, and in no others', async (t) => {
  const folder = t.testdir({ inner: {} })
  const values = Float32Array.of(0, 0, 1, 2)
  writeFileSync(join(folder, 'inner', 'weights.bin'), new Uint8Array(values.buffer))
  writeFileSync(join(folder, 'weights.bin'), new Uint8Array(values.buffer))
  const file = join(folder, 'inner', 'model.onnx')
  const at = (location: string, offset = '8', length = '8') =>
    writeFileSync(file, modelFile({ nodes: [['Add', ['x', 'c'], ['y']]], inputs: { x: [2] }, constants: { c: { shape: [2], external: { location, offset, length } } } })) // prettier-ignore
  at('weights.bin')
  t.same([...(await onnx.importModel(file))(ones([2])).dataSync()], [2, 3])
  await t.rejects(onnx.importModel(readFileSync(file)), FormatError)
  for (const location of ['../weights.bin', join(folder, 'weights.bin'), '', 'none.bin', 'a/../../weights.bin']) {
    at(location)
    await t.rejects(onnx.importModel(file), FormatError, location)
  }
  for (const [offset, length] of [
    ['8', '16'],
    ['-8', '8'],
    ['x', '8'],
    ['8', '4'],
  ] as const) {
    // prettier-ignore
    at('weights.bin', offset, length)
    await t.rejects(onnx.importModel(file), FormatError)
  }
})

t.test('weights that share the bytes of a file do not take all memory', async (t) => {
  const folder = t.testdir({})
  writeFileSync(join(folder, 'weights.bin'), new Uint8Array(8))
  const file = join(folder, 'model.onnx')
  const shared = (count: number) => {
    const external = { location: 'weights.bin' }
    const constants = Object.fromEntries(Array.from({ length: count }, (_, i) => [`c${i}`, { shape: [2], external }]))
    writeFileSync(file, modelFile({ nodes: [['Sum', Object.keys(constants), ['y']]], inputs: {}, constants }))
  }
  shared(4)
  t.equal(Object.keys((await onnx.importModel(file)).stateDict()).length, 4)
  shared(5)
  await t.rejects(onnx.importModel(file), { name: 'FormatError', message: /elements of their own in 'weights.bin'/ })
})

t.test('numbers of a file do not take all memory', async (t) => {
  const big = { shape: [4], ints: [1, 1, 1e5, 1e5] }
  const refused: ModelSpec['nodes'] = [
    ['Expand', ['x', 'big'], ['y']],
    ['Tile', ['x', 'big'], ['y']],
    ['ConstantOfShape', ['big'], ['y']],
    ['Resize', ['x', '', '', 'big'], ['y']],
    ['MaxPool', ['x'], ['y'], { kernel_shape: [2, 2], pads: [1e5, 1e5, 1e5, 1e5] }],
  ]
  for (const node of refused) {
    const model = await load({ nodes: [node], constants: { big }, inputs: { x: [1, 1, 1, 1] } })
    t.throws(() => model(zeros([1, 1, 1, 1])), { name: 'FormatError', message: 'maxElements' }, node[0])
  }
})

t.test('convcore loads protobufjs where it reads a file, not before', (t) => {
  const program = `
    const { _cache } = require('node:module')
    const loaded = () => Object.keys(_cache).some((path) => path.includes('protobufjs'))
    import('convcore').then(async ({ onnx }) => {
      const before = loaded()
      await onnx.importModel(new Uint8Array()).catch(() => undefined)
      console.log(before, loaded())
    })`
  const root = fileURLToPath(new URL('../../../..', import.meta.url))
  t.equal(execFileSync(process.execPath, ['-e', program], { cwd: root, encoding: 'utf8' }).trim(), 'false true')
  t.end()
})

t.test('what is no model is refused', async (t) => {
  await t.rejects(onnx.importModel(new Uint8Array()), FormatError)
  await t.rejects(onnx.importModel(Buffer.from('{"layers": []}')), FormatError)
  await t.rejects(onnx.importModel(join(t.testdir({}), 'none.onnx')), { code: 'ENOENT' })
  await t.rejects(onnx.importModel(3 as never), TypeError)
  await t.rejects(onnx.importModel(fixtureBytes('residual-13.onnx'), { device: 'gpu' as never }))
})

/** Runs a damaged model, which may fail with an error that says why. */
function run(model: onnx.OnnxModel<Tensor | Tensor[]>, x: Tensor): void {
  try {
    scope(() => {
      const y = model(x)
      ;(y instanceof Tensor ? y : y[0]!).dataSync()
    })
  } catch (error) {
    if (!(error instanceof Error && /^(FormatError|ShapeError|DTypeError|RangeError|TypeError|ExecutionError)$/.test(error.name))) throw error // prettier-ignore
  }
}

t.test('damaged models are refused, or are models', async (t) => {
  const inputs = [randn([2, 3, 8, 8]), randn([2, 2, 9]), randn([2, 6]), randn([2, 2, 4, 4, 5])]
  await settle()
  const before = memory().tensors
  let [refused, ran] = [0, 0]
  for (const [i, file] of ['residual-7.onnx', 'signal-13.onnx', 'hard-14.onnx', 'volume-18-dynamo.onnx'].entries()) {
    const bytes = fixtureBytes(file)
    for (const copy of mutations(bytes, 2500)) {
      try {
        const model = await onnx.importModel<Tensor | Tensor[]>(copy, { maxElements: 1e6 })
        if (ran % 8 === 0) run(model, inputs[i]!)
        for (const each of [...model.parameters(), ...model.buffers()]) each.dispose()
        ran++
      } catch (error) {
        if (!(error instanceof FormatError)) throw error
        refused++
      }
    }
  }
  t.equal(refused + ran, 10000)
  t.ok(refused > 2000 && ran > 500, `${refused} refused, ${ran} not`)
  t.equal(memory().tensors, before)
})
