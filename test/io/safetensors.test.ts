import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { io, tensor, zeros } from 'convcore'

const { deserialize, loadSafetensors, readMetadata, saveSafetensors, serialize } = io
const { CONVCORE_DATA } = process.env
const weights = join(CONVCORE_DATA ?? '', 'weights')
const skip = CONVCORE_DATA && existsSync(weights) ? false : 'CONVCORE_DATA names no folder with weights/'

/** A safetensors file: its header as text or as an object, then its data. */
function file(header: unknown, data: ArrayLike<number> = [], length?: number | bigint): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64LE(BigInt(length ?? json.length))
  return Buffer.concat([prefix, json, Uint8Array.from(data)])
}

const entry = (dtype: string, shape: unknown, begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
})
const bytesOf = (array: NodeJS.TypedArray) => new Uint8Array(array.buffer)

t.test('tensors come back as they were saved', async (t) => {
  const path = join(t.testdir({}), 'new', 'model.safetensors')
  const saved = {
    'conv.weight': tensor(Float32Array.of(1, -2, 3.5, NaN, Infinity, -0), { shape: [1, 2, 3] }),
    double: tensor(Float64Array.of(Math.PI)),
    labels: tensor(Int32Array.of(-1, 2 ** 31 - 1)),
    bytes: tensor(Uint8Array.of(0, 128, 255)),
    scalar: tensor(4),
    empty: zeros([0, 3]),
    __proto__2: tensor(1),
    größe: tensor(2),
  }
  await saveSafetensors(path, saved, { epoch: '3' })
  const loaded = await loadSafetensors(path)
  t.same(Object.keys(loaded).toSorted(), Object.keys(saved).toSorted())
  for (const [name, x] of Object.entries(saved)) {
    t.equal(loaded[name]!.dtype, x.dtype, name)
    t.same(loaded[name]!.shape, x.shape, name)
    t.same(bytesOf(await loaded[name]!.data()), bytesOf(await x.data()), name)
  }
  t.same(await readMetadata(path), { epoch: '3' })
  t.same(readdirSync(join(path, '..')), ['model.safetensors'])
})

t.test('a file is laid out as the format says', async (t) => {
  const bytes = await serialize({ small: tensor(Uint8Array.of(7)), wide: tensor(Float64Array.of(1.5)) })
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const length = Number(view.getBigUint64(0, true))
  t.equal(length % 8, 0)
  const json = new TextDecoder().decode(bytes.subarray(8, 8 + length))
  t.match(json, /^\{.*\} *$/)
  t.same(
    JSON.parse(json),
    { wide: entry('F64', [1], 0, 8), small: entry('U8', [1], 8, 9) },
    'wide elements lie aligned',
  )
  t.equal(view.getFloat64(8 + length, true), 1.5)
  t.equal(bytes.length, 8 + length + 9)
})

t.test('nothing at all is a file too', async (t) => {
  t.same(deserialize(await serialize({})), {})
})

t.test('values are saved as they stand at the call', async (t) => {
  const x = tensor([1, 2])
  const saving = serialize({ x })
  x.copy_(Float32Array.of(3, 4))
  t.same(await deserialize(await saving).x!.data(), Float32Array.of(1, 2))
})

t.test('every element type is read', async (t) => {
  const read = async (dtype: string, array: NodeJS.TypedArray) => {
    const header = { x: entry(dtype, [array.length], 0, array.byteLength) }
    return deserialize(file(header, bytesOf(array))).x!.data()
  }
  t.same(await read('F64', Float64Array.of(0.1)), Float64Array.of(0.1))
  t.same(await read('F32', Float32Array.of(0.1)), Float32Array.of(0.1))
  const halves = Uint16Array.of(0, 0x8000, 0x3c00, 0xc100, 0x7bff, 0x0001, 0x03ff, 0x0400, 0x7c00, 0xfc00, 0x7e00)
  t.same(
    await read('F16', halves),
    Float32Array.of(0, -0, 1, -2.5, 65504, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, Infinity, -Infinity, NaN),
  )
  t.same(await read('BF16', Uint16Array.of(0x3f80, 0xc020, 0x7f80)), Float32Array.of(1, -2.5, Infinity))
  t.same(
    await read('I64', BigInt64Array.of(5n, -5n, -(2n ** 31n), 2n ** 31n - 1n)),
    Int32Array.of(5, -5, -(2 ** 31), 2 ** 31 - 1),
  )
  t.same(await read('I32', Int32Array.of(-7)), Int32Array.of(-7))
  t.same(await read('I16', Int16Array.of(-300)), Int32Array.of(-300))
  t.same(await read('I8', Int8Array.of(-3)), Int32Array.of(-3))
  t.same(await read('U8', Uint8Array.of(200)), Uint8Array.of(200))
  t.same(await read('BOOL', Uint8Array.of(1, 0)), Uint8Array.of(1, 0))
  await t.rejects(read('I64', BigInt64Array.of(1n, 2n ** 31n)), {
    code: 'ERR_FORMAT',
    message: /tensor x: .* got 2147483648 at 1/,
  })
})

t.test('data at an odd address is read', async (t) => {
  const x = deserialize(file(`{"x":${JSON.stringify(entry('F32', [1], 0, 4))}}`, bytesOf(Float32Array.of(2.5))))
  t.same(await x.x!.data(), Float32Array.of(2.5))
})

const malformed: [string, Uint8Array, RegExp][] = [
  ['too short', Uint8Array.of(1, 0, 0), /m: expected at least 8 bytes, got 3/],
  ['cut in the header', file('{}', [], 100), /header of at most 2 bytes, got 100/],
  ['an absurd header length', file('{}', [], 2n ** 63n), /got 9223372036854775808/],
  ['no JSON', file('{"x":'), /expected a header of JSON/],
  ['no UTF-8', file('', [0xff, 0xfe], 2), /expected a header of JSON/],
  ['no object', file('[1]'), /a JSON object as header, got \[1\]/],
  ['nesting without end', file('['.repeat(100_000)), /expected a header of JSON/],
  ['metadata that is no text', file({ __metadata__: { epoch: 3 } }), /__metadata__ to be strings/],
  ['an entry that is no object', file({ x: 3 }), /tensor x: expected a JSON object, got 3/],
  ['an unknown dtype', file({ x: entry('F8', [1], 0, 1) }, [0]), /tensor x: expected a dtype among F64.* got "F8"/],
  ['a dtype from the prototype', file({ x: entry('toString', [1], 0, 1) }, [0]), /got "toString"/],
  ['a negative size', file({ x: entry('U8', [-1], 0, 1) }, [0]), /a shape .* got \[-1\]/],
  ['a shape of text', file({ x: entry('U8', ['1'], 0, 1) }, [0]), /a shape .* got \["1"\]/],
  ['no shape', file({ x: { dtype: 'U8', data_offsets: [0, 1] } }, [0]), /a shape .* got none/],
  ['no offsets', file({ x: { dtype: 'U8', shape: [1] } }, [0]), /two data_offsets, got none/],
  [
    'sizes that overflow',
    file({ x: entry('F32', new Array(30).fill(2 ** 52), 0, 4) }, [0, 0, 0, 0]),
    /tensor x: expected Infinity/,
  ],
  ['too few bytes for the shape', file({ x: entry('F32', [2], 0, 4) }, [0, 0, 0, 0]), /8 bytes for F32 \[2\], got 4/],
  ['offsets that run backwards', file({ x: entry('U8', [1], 2, 1) }, [0, 0]), /1 bytes for U8 \[1\], got -1/],
  ['a tensor beyond the end', file({ x: entry('U8', [4], 0, 4) }, [0]), /expected 4 bytes of data, got 1/],
  ['bytes that no tensor owns', file({ x: entry('U8', [1], 0, 1) }, [0, 0]), /expected 1 bytes of data, got 2/],
  ['a hole', file({ x: entry('U8', [1], 1, 2) }, [0, 0]), /tensor x: expected data at offset 0, got 1/],
  [
    'tensors that overlap',
    file({ x: entry('U8', [2], 0, 2), y: entry('U8', [2], 1, 3) }, [0, 0, 0]),
    /tensor y: expected data at offset 2, got 1/,
  ],
]

for (const [what, bytes, message] of malformed) {
  t.test(`a file with ${what} is refused`, async (t) => {
    t.throws(() => deserialize(bytes, { name: 'm' }), { code: 'ERR_FORMAT', message })
    const path = join(t.testdir({}), 'm')
    writeFileSync(path, bytes)
    await t.rejects(loadSafetensors(path), { code: 'ERR_FORMAT', message })
  })
}

t.test('a failed save leaves the old file, and nothing else', async (t) => {
  const folder = t.testdir({ model: 'old' })
  const path = join(folder, 'model')
  const gone = tensor(1)
  gone.dispose()
  await t.rejects(saveSafetensors(path, { gone }), { code: 'ERR_DISPOSED' })
  await t.rejects(saveSafetensors(path, { x: 3 } as never), { name: 'TypeError', message: /x to be a Tensor, got 3/ })
  await t.rejects(saveSafetensors(path, { __metadata__: tensor(1) }), { code: 'ERR_FORMAT', message: /reserved/ })
  await t.rejects(saveSafetensors(path, {}, { epoch: 3 } as never), {
    name: 'TypeError',
    message: /epoch to be a string/,
  })
  await t.rejects(saveSafetensors(folder, { x: tensor(1) }), 'a folder stands in the way')
  t.equal(readFileSync(path, 'utf8'), 'old')
  t.same(readdirSync(folder), ['model'])
})

t.test('a file that is not there is named', async (t) => {
  await t.rejects(loadSafetensors(join(t.testdir({}), 'absent')), { code: 'ENOENT', message: /absent/ })
})

t.test('weights of others load', { skip }, async (t) => {
  const count = async (path: string) => {
    const tensors = Object.values(await loadSafetensors(join(weights, path)))
    for (const x of tensors) t.ok((await x.data()).every(Number.isFinite))
    return tensors.reduce((sum, x) => sum + x.size, 0)
  }
  t.equal(await count('squeezenet1.1-fp16/squeezenet1.1_fp16.safetensors'), 1_235_496)
  t.ok((await count('resnet-cifar10/resnet20-12fca82f.safetensors')) >= 269_722)
  t.ok((await count('mlperf-tiny-resnet8/pretrainedResnet.safetensors')) >= 78_186)
})
