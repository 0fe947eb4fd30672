import t, { type Test } from 'tap'
import { keras } from 'convcore'

const manifest = (weights: object[], paths = ['w.bin']) => [{ paths, weights }]
const entry = (dtype: string, shape: number[], more = {}) => ({ name: 'fc/kernel', dtype, shape, ...more })

/** A folder with a model.json and a shard. */
function folderOf(t: Test, content: object | string, bytes: ArrayLike<number> = []): string {
  return t.testdir({
    'model.json': typeof content === 'string' ? content : JSON.stringify(content),
    'w.bin': Buffer.from(Uint8Array.from(bytes)),
  })
}
const bytesOf = (array: NodeJS.TypedArray) => new Uint8Array(array.buffer)

t.test('quantised weights are brought back', async (t) => {
  const read = async (dtype: string, quantization: object | undefined, array: NodeJS.TypedArray) => {
    const weights = [entry(dtype, [array.length], { quantization })]
    const { 'fc/kernel': x } = await keras.loadWeights(
      folderOf(t, { weightsManifest: manifest(weights) }, bytesOf(array)),
    )
    return x!.data()
  }
  t.same(
    await read('float32', { dtype: 'uint8', scale: 0.5, min: -1 }, Uint8Array.of(0, 3, 255)),
    Float32Array.of(-1, 0.5, 126.5),
  )
  t.same(
    await read('float32', { dtype: 'uint16', scale: 0.25, min: 2 }, Uint16Array.of(0, 65535)),
    Float32Array.of(2, 16385.75),
  )
  t.same(
    await read('float32', { dtype: 'float16', original_dtype: 'float32' }, Uint16Array.of(0x3c00, 0xc100)),
    Float32Array.of(1, -2.5),
  )
  t.same(await read('int32', { dtype: 'uint8', scale: 0.6, min: 0 }, Uint8Array.of(1, 2)), Int32Array.of(1, 1))
  t.same(await read('int32', undefined, Int32Array.of(-7)), Int32Array.of(-7))
  t.same(await read('bool', undefined, Uint8Array.of(1, 0)), Uint8Array.of(1, 0))
})

const four = [0, 0, 0, 0]
const malformed: [string, object | string, RegExp][] = [
  ['no JSON', '{"weightsManifest":', /a model of JSON/],
  ['a manifest that is none', { weightsManifest: 3 }, /weightsManifest to be an array/],
  ['a group without paths', { weightsManifest: [{ weights: [] }] }, /a group of paths and weights/],
  ['a shard elsewhere', { weightsManifest: manifest([], ['../../etc/passwd']) }, /a shard beside it/],
  ['a shard of the root', { weightsManifest: manifest([], ['/etc/passwd']) }, /a shard beside it/],
  ['a shard of the network', { weightsManifest: manifest([], ['https://x/y']) }, /a shard beside it/],
  ['a shard that is not there', { weightsManifest: manifest([], ['x.bin']) }, /expected a shard .*x\.bin, got none/],
  ['an unknown dtype', { weightsManifest: manifest([entry('string', [1])]) }, /fc\/kernel: expected a dtype among/],
  ['a dtype of the prototype', { weightsManifest: manifest([entry('toString', [1])]) }, /a dtype among/],
  ['too few bytes', { weightsManifest: manifest([entry('float32', [1_000_000_000])]) }, /expected 4000000000 bytes/],
  ['sizes that overflow', { weightsManifest: manifest([entry('float32', [2 ** 50, 2 ** 50])]) }, /fewer elements/],
  ['a weight twice', { weightsManifest: manifest([entry('uint8', [2]), entry('uint8', [2])]) }, /each weight once/],
  [
    'quantization without a scale',
    { weightsManifest: manifest([entry('float32', [4], { quantization: { dtype: 'uint8' } })]) },
    /a scale and a min/,
  ],
]
for (const [what, content, message] of malformed)
  t.test(`weights with ${what} are refused`, (t) =>
    t.rejects(keras.loadWeights(folderOf(t, content, four)), { name: 'FormatError', message }),
  )

const sequential = (...layers: object[]) => ({ class_name: 'Sequential', config: { layers } })
const layer = (className: string, config: object) => ({ class_name: className, config: { name: 'l', ...config } })
const shaped = { batch_input_shape: [null, 4, 4, 2] }
const refused: [string, unknown, RegExp][] = [
  ['nothing', null, /a model's configuration, got null/],
  ['another class', { class_name: 'RNN', config: {} }, /a Sequential or Functional model, got "RNN"/],
  [
    'an unknown layer',
    sequential(layer('LSTM', { ...shaped, units: 3 })),
    /LSTM l: expected a layer among .*, got LSTM/,
  ],
  ['a layer of the prototype', sequential(layer('toString', shaped)), /got toString/],
  ['no input shape', sequential(layer('Flatten', {})), /a first layer with a batch_input_shape/],
  [
    'channels first',
    sequential(layer('Conv2D', { ...shaped, data_format: 'channels_first' })),
    /data_format to be 'channels_last'/,
  ],
  ['no filters', sequential(layer('Conv2D', { ...shaped, kernel_size: 3 })), /Conv2D l: expected filters/],
  ['a window too large', sequential(layer('MaxPooling2D', { ...shaped, pool_size: 5 })), /as large as the window/],
  [
    'too many parameters',
    sequential(layer('Conv2D', { ...shaped, filters: 2 ** 30, kernel_size: 3 })),
    /at most 536870912 parameters/,
  ],
  ['an unknown activation', sequential(layer('Activation', { ...shaped, activation: 'mish2' })), /one of linear, relu/],
  [
    'batch norm of another axis',
    sequential(layer('BatchNormalization', { ...shaped, axis: [1] })),
    /axis to be the last one/,
  ],
  [
    'a reshape that does not fit',
    sequential(layer('Reshape', { ...shaped, target_shape: [5] })),
    /a shape of 32 elements/,
  ],
]
const nested = (depth: number): unknown => {
  let model: object = layer('Flatten', shaped)
  for (let i = 0; i < depth; i++) model = { ...sequential(model), name: 'm' }
  return model
}
refused.push(['models in models without end', nested(20_000), /at most 10 deep/])
for (const [what, config, message] of refused)
  t.test(`a configuration with ${what} is refused`, (t) => {
    t.throws(() => void keras.fromConfig(config), { name: 'FormatError', message })
    t.end()
  })

t.test('a graph with a cycle is refused', (t) => {
  const node = (from: string): unknown[][] => [[[from, 0, 0, {}]]]
  const relu = (name: string, from: string) => ({
    class_name: 'ReLU',
    name,
    config: { name },
    inbound_nodes: node(from),
  })
  const config = { layers: [relu('a', 'b'), relu('b', 'a')], input_layers: [], output_layers: [['b', 0, 0]] }
  t.throws(() => void keras.fromConfig({ class_name: 'Model', config }), {
    name: 'FormatError',
    message: /got none or a cycle/,
  })
  t.end()
})
