import t, { type Test } from 'tap'
import { Generator, onnx, randn, Tensor } from 'convcore'
import { type AttributeValue, type Constant, modelFile, type ModelSpec, type NodeSpec } from './file.js'
import { distance, runtime } from './runtime.js'

const generator = new Generator(3)
const floats = (...shape: number[]): Constant => ({
  shape,
  floats: [...randn(shape, { generator }).dataSync()],
})
const positive = (...shape: number[]): Constant => ({ shape, floats: floats(...shape).floats!.map((x) => Math.abs(x) + 0.5) }) // prettier-ignore
const ints = (...values: number[]): Constant => ({ shape: [values.length], ints: values })
const scalar = (float: number): Constant => ({ shape: [], floats: [float] })

/** Several models of one opset and the same inputs as one, with the outputs of all; names have the model's number in front. */
function joined(specs: readonly ModelSpec[]): ModelSpec {
  const [{ opset, inputs = defaults }] = specs as [ModelSpec]
  const rename = (i: number) => (name: string) => (name === '' || name in inputs ? name : `${i}.${name}`)
  return {
    opset,
    inputs,
    outputs: specs.flatMap(({ outputs = ['y'] }, i) => outputs.map(rename(i))),
    constants: Object.fromEntries(
      specs.flatMap(({ constants = {} }, i) => Object.entries(constants).map(([name, c]) => [rename(i)(name), c])),
    ),
    nodes: specs.flatMap(({ nodes }, i) =>
      nodes.map(([op, from, to, attributes]): NodeSpec => [op, from.map(rename(i)), to.map(rename(i)), attributes]),
    ),
  }
}

const defaults = { x: [2, 3, 5, 6] }

/** Runs the same file here and in onnxruntime. */
async function same(t: Test, spec: ModelSpec): Promise<void> {
  const file = modelFile(spec)
  const inputs = Object.values(spec.inputs!).map((shape) => randn(shape, { generator }))
  const expected = await runtime(file, ...inputs)
  const model = await onnx.importModel<Tensor | Tensor[]>(file)
  const result = model(...inputs)
  const ours = result instanceof Tensor ? [result] : result
  t.equal(ours.length, expected.length)
  for (const [i, y] of ours.entries()) {
    const name = spec.outputs![i]!
    const node = spec.nodes.find(([, , to]) => to.includes(name))!
    const what = `${node[0]} ${JSON.stringify(node[3] ?? {})}, opset ${spec.opset ?? 17}`
    t.same(y.shape, expected[i]!.shape, what)
    t.ok(distance(y.dataSync(), expected[i]!.values) < 1e-5, `${what}: ${distance(y.dataSync(), expected[i]!.values)}`)
  }
}

/** One node from x to y, with constants as its further inputs. */
const one = (
  op: string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
  more: readonly (Constant | undefined)[] = [],
): Pick<ModelSpec, 'nodes' | 'constants'> => ({
  nodes: [[op, ['x', ...more.map((each, i) => (each ? `c${i}` : ''))], ['y'], attributes]],
  constants: Object.fromEntries(more.flatMap((each, i) => (each ? [[`c${i}`, each]] : []))),
})

/** Likewise, with a whole number as result. */
const index = (op: string, attributes: Readonly<Record<string, AttributeValue>>): ModelSpec => ({
  nodes: [
    [op, ['x'], ['i'], attributes],
    ['Cast', ['i'], ['y'], { to: 1 }],
  ],
})

const pads = [0, 1, 2, 1]
const cases: Record<string, ModelSpec[]> = {
  'convolutions and their padding': [
    one('Conv', { pads, strides: [2, 1] }, [floats(4, 3, 3, 2), floats(4)]),
    one('Conv', { auto_pad: 'SAME_UPPER', strides: [2, 2] }, [floats(4, 3, 2, 3)]),
    one('Conv', { auto_pad: 'SAME_LOWER' }, [floats(4, 3, 2, 4), floats(4)]),
    one('Conv', { auto_pad: 'VALID', dilations: [2, 1] }, [floats(4, 3, 2, 3)]),
    one('Conv', { group: 3, pads: [1, 1, 1, 1] }, [floats(3, 1, 3, 3)]),
    { ...one('Conv', { pads: [1, 0] }, [floats(2, 3, 3)]), inputs: { x: [2, 3, 7] } },
    one('ConvTranspose', { strides: [2, 2], pads, output_padding: [1, 0], group: 1 }, [floats(3, 2, 3, 3), floats(2)]),
  ],
  pools: [
    one('MaxPool', { kernel_shape: [3, 3], pads, strides: [2, 2] }),
    one('MaxPool', { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }),
    one('MaxPool', { kernel_shape: [2, 2], auto_pad: 'SAME_LOWER' }),
    one('MaxPool', { kernel_shape: [2, 2], dilations: [2, 2] }),
    one('AveragePool', { kernel_shape: [3, 3], pads, count_include_pad: 1 }),
    one('AveragePool', { kernel_shape: [3, 3], pads }),
    one('AveragePool', { kernel_shape: [2, 2], auto_pad: 'SAME_UPPER', strides: [2, 2] }),
    one('AveragePool', { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2], ceil_mode: 1 }),
    one('GlobalAveragePool'),
    one('GlobalMaxPool'),
  ],
  activations: [
    ...['Relu', 'Sigmoid', 'Tanh', 'Softplus', 'Softsign', 'HardSwish', 'Mish', 'Erf', 'LeakyRelu', 'Elu', 'Celu', 'Selu', 'HardSigmoid', 'ThresholdedRelu'].map((op) => ({ ...one(op), opset: 18 })), // prettier-ignore
    one('LeakyRelu', { alpha: { float: 0.3 } }),
    one('Elu', { alpha: { float: 0.5 } }),
    one('Celu', { alpha: { float: 0.5 } }),
    one('Selu', { alpha: { float: 0.5 }, gamma: { float: 2 } }),
    one('HardSigmoid', { alpha: { float: 0.3 }, beta: { float: 0.4 } }),
    { ...one('Gelu'), opset: 20 },
    { ...one('Gelu', { approximate: 'tanh' }), opset: 20 },
    one('PRelu', {}, [floats(3, 1, 1)]),
    one('PRelu', {}, [floats(1)]),
    one('PRelu', {}, [floats(6)]),
    { ...one('Clip', { min: { float: -0.2 }, max: { float: 0.7 } }), opset: 7 },
    one('Clip', {}, [scalar(-0.2), undefined]),
    one('Clip', {}, [undefined, scalar(0.4)]),
    ...[11, 13].flatMap((opset) => ['Softmax', 'LogSoftmax'].flatMap((op) => [{ ...one(op, { axis: 2 }), opset }, { ...one(op), opset }])), // prettier-ignore
  ],
  arithmetic: [
    ...['Add', 'Sub', 'Mul', 'Div', 'Min', 'Max', 'Sum', 'Mean'].flatMap((op) => [one(op, {}, [floats(6)]), one(op, {}, [scalar(2)])]), // prettier-ignore
    { nodes: [['Abs', ['x'], ['a']], ['Pow', ['a', 'two'], ['b']], ['Sqrt', ['b'], ['y']]], constants: { two: scalar(3) } }, // prettier-ignore
    ...['Exp', 'Neg', 'Abs', 'Sign', 'Reciprocal'].map((op) => one(op)),
    { nodes: [['Greater', ['x', 'c'], ['flags']], ['Not', ['flags'], ['not']], ['Where', ['not', 'x', 'c'], ['y']]], constants: { c: scalar(0.1) } }, // prettier-ignore
    {
      nodes: [
        ['Less', ['x', 'c'], ['flags']],
        ['Cast', ['flags'], ['y'], { to: 1 }],
      ],
      constants: { c: floats(5, 1) },
    },
    { ...one('MatMul', {}, [floats(6, 4)]) },
    { nodes: [['MatMul', ['c', 'x'], ['y']]], constants: { c: floats(4, 5) } },
    { ...one('Gemm', { alpha: { float: 0.5 }, beta: { float: 2 }, transB: 1 }, [floats(4, 6), floats(4)]), inputs: { x: [3, 6] } }, // prettier-ignore
    { ...one('Gemm', { transA: 1 }, [floats(3, 4)]), inputs: { x: [3, 6] } },
  ],
  normalisation: [
    one('BatchNormalization', { epsilon: { float: 1e-3 } }, [floats(3), floats(3), floats(3), positive(3)]),
    one('InstanceNormalization', {}, [floats(3), floats(3)]),
    one('LayerNormalization', { axis: -2 }, [floats(5, 6), floats(5, 6)]),
    { ...one('GroupNormalization', { num_groups: 1 }, [floats(3), floats(3)]), opset: 21 },
    { ...one('GroupNormalization', { num_groups: 3 }, [floats(3), floats(3)]), opset: 18 },
    one('LRN', { size: 3, alpha: { float: 0.1 }, bias: { float: 2 } }),
    one('MeanVarianceNormalization'),
    { ...one('Dropout', { ratio: { float: 0.4 } }), opset: 7 },
    one('Dropout', {}, [scalar(0.4)]),
  ],
  shapes: [
    one('Reshape', {}, [ints(0, -1, 2)]),
    { ...one('Flatten', { axis: 2 }) },
    { ...one('Flatten', { axis: 0 }) },
    { ...one('Squeeze', { axes: [0] }), opset: 11, inputs: { x: [1, 3, 1] } },
    { ...one('Squeeze', {}, [ints(-1)]), inputs: { x: [1, 3, 1] } },
    { ...one('Unsqueeze', { axes: [0, 3] }), opset: 11 },
    one('Unsqueeze', {}, [ints(1, -1)]),
    one('Transpose', { perm: [0, 2, 3, 1] }),
    one('Transpose'),
    one('Concat', { axis: 3 }, [floats(2, 3, 5, 1)]),
    { nodes: [['Split', ['x'], ['y', 'z'], { axis: 3 }]], outputs: ['y', 'z'] },
    { nodes: [['Split', ['x'], ['y', 'z'], { axis: 1, split: [1, 2] }]], outputs: ['z', 'y'], opset: 11 },
    { nodes: [['Split', ['x', 's'], ['y', 'z'], { axis: -1 }]], outputs: ['z', 'y'], constants: { s: ints(4, 2) } },
    { nodes: [['Split', ['x'], ['y', 'z'], { axis: 2, num_outputs: 2 }]], outputs: ['z', 'y'], opset: 18 },
    { ...one('Slice', { starts: [1, -3], ends: [4, 1000], axes: [2, 3] }), opset: 9 },
    one('Slice', {}, [ints(1, -1), ints(1000, -100), ints(2, 3), ints(2, -2)]),
    one('Slice', {}, [ints(0), ints(-1)]),
    one(
      'Expand',
      {},
      [ints(4, 1, 1, 5, 6)].map((c) => ({ ...c, ints: [4, 2, 3, 5, 6] })),
    ),
    one('Tile', {}, [ints(1, 2, 1, 3)]),
    one('Gather', { axis: 3 }, [{ shape: [2, 2], ints: [0, -1, 2, 2] }]),
    one('Gather', { axis: 1 }, [{ shape: [], ints: [1] }]),
    { ...one('DepthToSpace', { blocksize: 2 }), inputs: { x: [2, 8, 3, 2] } },
    { ...one('DepthToSpace', { blocksize: 2, mode: 'CRD' }), inputs: { x: [2, 8, 3, 2] } },
    { ...one('SpaceToDepth', { blocksize: 2 }), inputs: { x: [2, 3, 4, 6] } },
    { ...one('Pad', { pads: [0, 0, 1, 2, 0, 0, 0, 1], value: { float: 3 } }), opset: 10 },
    one('Pad', { mode: 'reflect' }, [ints(0, 0, 1, 2, 0, 0, 0, 1)]),
    one('Pad', { mode: 'edge' }, [ints(0, 0, 1, 2, 0, 0, 0, 1)]),
    { ...one('Pad', {}, [ints(1, 2), scalar(4), ints(-1)]), opset: 18 },
    one('Pad', {}, [ints(0, 0, -1, 2, 0, 0, 0, -1)]),
  ],
  'arithmetic of shapes': [
    { nodes: [['Shape', ['x'], ['s']], ['Gather', ['s', 'zero'], ['n']], ['Mul', ['n', 'two'], ['m']], ['Unsqueeze', ['m', 'axes'], ['v']], ['Concat', ['v', 'rest'], ['t'], { axis: 0 }], ['Reshape', ['x', 't'], ['y']]], constants: { zero: { shape: [], ints: [0] }, two: { shape: [], ints: [3] }, axes: ints(0), rest: ints(-1) } }, // prettier-ignore
    { nodes: [['Shape', ['x'], ['s'], { start: 2 }], ['Cast', ['s'], ['f'], { to: 1 }], ['Div', ['f', 'half'], ['g']], ['Floor', ['g'], ['h']], ['Cast', ['h'], ['i'], { to: 7 }], ['ReduceProd', ['i'], ['p'], { keepdims: 0 }], ['ConstantOfShape', ['i'], ['c'], { value: { shape: [1], floats: [2] } }], ['Cast', ['p'], ['q'], { to: 1 }], ['Add', ['c', 'q'], ['y']]], constants: { half: scalar(0.4) } }, // prettier-ignore
    { nodes: [['Constant', [], ['a'], { value_int: 0 }], ['Constant', [], ['b'], { value_int: 6 }], ['Constant', [], ['d'], { value_int: 2 }], ['Range', ['a', 'b', 'd'], ['r']], ['Gather', ['x', 'r'], ['y'], { axis: 3 }]] }, // prettier-ignore
    { nodes: [['Shape', ['x'], ['s']], ['Slice', ['s', 'from', 'to'], ['t']], ['Size', ['x'], ['n']], ['Equal', ['t', 'three'], ['e']], ['Where', ['e', 'ones', 't'], ['w']], ['Concat', ['w', 'rest'], ['v'], { axis: 0 }], ['Reshape', ['x', 'v'], ['y']]], constants: { from: ints(0), to: ints(2), three: ints(3), ones: ints(1, 1), rest: ints(-1) } }, // prettier-ignore
  ],
  reductions: [
    ...['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceL2', 'ReduceSumSquare', 'ReduceLogSumExp'].flatMap((op) => [{ ...one(op, { axes: [-1, 1], keepdims: 0 }), opset: 11 }, { ...one(op, {}, [ints(2)]), opset: 18 }, one(op)]), // prettier-ignore
    ...[0, 1].flatMap((keepdims) => [index('ArgMax', { axis: 1, keepdims }), index('ArgMin', { axis: -1, keepdims })]),
    one('CumSum', {}, [{ shape: [], ints: [2] }]),
  ],
  resizing: [
    ...['half_pixel', 'pytorch_half_pixel', 'asymmetric', 'align_corners'].flatMap((coordinate_transformation_mode) => [
      ...['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'].map((nearest_mode) => one('Resize', { coordinate_transformation_mode, nearest_mode }, [undefined, undefined, ints(2, 3, 8, 4)])), // prettier-ignore
      one('Resize', { mode: 'linear', coordinate_transformation_mode }, [undefined, undefined, ints(2, 3, 8, 4)]),
      one('Resize', { mode: 'linear', coordinate_transformation_mode }, [undefined, { shape: [4], floats: [1, 1, 1.5, 2] }]), // prettier-ignore
    ]),
    { ...one('Resize', { mode: 'linear', axes: [2, 3] }, [undefined, undefined, ints(7, 9)]), opset: 18 },
    { ...one('Upsample', { mode: 'nearest', scales: { floats: [1, 1, 2, 3] } }), opset: 7 },
    { ...one('Upsample', { mode: 'linear' }, [{ shape: [4], floats: [1, 1, 2, 2] }]), opset: 9 },
  ],
}

for (const [name, specs] of Object.entries(cases)) {
  t.test(name, async (t) => {
    const groups = new Map<string, ModelSpec[]>()
    for (const spec of specs) {
      const key = JSON.stringify([spec.opset, spec.inputs])
      groups.set(key, [...(groups.get(key) ?? []), spec])
    }
    for (const group of groups.values()) await same(t, joined(group))
  })
}
