import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { unzipSync, zipSync } from 'fflate'
import t from 'tap'
import { io, memory, nn, optim, ones, tensor, type Tensor, zeros } from 'convcore'
import { fixture, fixtureFile } from '../fixture.js'
import { survives } from '../mutations.js'
import { settle } from '../garbage.js'

const { loadPyTorch, savePyTorch } = io
const { CONVCORE_DATA } = process.env
const resnets = join(CONVCORE_DATA ?? '', 'weights/resnet-cifar10')
const skip = CONVCORE_DATA && existsSync(resnets) ? false : 'CONVCORE_DATA names no folder with weights/resnet-cifar10'

interface Expected {
  tensors: Record<string, { shape: number[]; values: (number | string)[] }>
  state: Record<string, number[]>
}
const expected = await fixture<Expected>('io/tensors')
const file = (name: string) => fixtureFile(`io/${name}.pth`)
const valuesOf = async (x: Tensor) => Array.from(await x.data())

for (const format of ['zip', 'legacy']) {
  t.test(`tensors of every dtype and layout in a ${format} file`, async (t) => {
    const tensors = await loadPyTorch<Record<string, Tensor>>(file(`tensors.${format}`))
    const names = Object.keys(expected.tensors).filter((name) => format === 'zip' || name !== 'uint16')
    t.same(Object.keys(tensors), names)
    for (const name of names) {
      const { shape, values } = expected.tensors[name]!
      t.same(tensors[name]!.shape, shape, name)
      t.same(await valuesOf(tensors[name]!), values.map(Number), name)
    }
    t.equal(tensors.float64!.dtype, 'float64')
    t.equal(tensors.bfloat16!.dtype, 'float32')
    t.equal(tensors.int64!.dtype, 'int32')
    t.equal(tensors.bool!.dtype, 'uint8')
    t.notOk(tensors.parameter!.requiresGrad)
  })
}

for (const format of ['zip', 'legacy', 'protocol4']) {
  t.test(`plain data in a file of ${format}`, async (t) => {
    const { mixed, bytes, ...data } = await loadPyTorch(file(`data.${format}`))
    t.same(bytes, Uint8Array.of(0, 255))
    t.same([...(mixed as Map<unknown, unknown>)], [[[1, 2], 'c']])
    t.equal(Object.getPrototypeOf(data), Object.prototype)
    t.same(Object.getOwnPropertyDescriptor(data, '__proto__')?.value, { x: 1 })
    t.match(data, {
      epoch: 3,
      large: 2 ** 40,
      huge: 2n ** 70n,
      negative: -(2 ** 33),
      loss: 0.125,
      name: 'größe',
      none: null,
      flags: [true, false],
      tuple: [1, [2.5, 'x']],
      size: [2, 3],
      dtype: 'torch.float16',
      device: 'cuda:1',
      ordered: { b: 1, a: 2 },
      numpy: 0.5,
      count: -7,
      set: new Set([1, 2]),
      ints: { 0: 'a', 7: 'b' },
    })
  })
}

interface Checkpoint {
  state_dict: nn.StateDict
  'module.': nn.StateDict
  optimizer: { param_groups: { lr: number }[]; state: Record<number, Record<string, Tensor>> }
  scheduler: { milestones: Record<number, number> }
  epoch: number
}

const makeNet = () =>
  new nn.Sequential(new nn.Conv2d(1, 2, 3), new nn.BatchNorm2d(2), new nn.Flatten(), new nn.Linear(8, 3))

for (const format of ['zip', 'legacy'])
  t.test(`a checkpoint in a ${format} file is loaded without conversion`, async (t) => {
    const checkpoint = await loadPyTorch<Checkpoint>(file(`checkpoint.${format}`))
    t.equal(checkpoint.epoch, 1)
    t.equal(checkpoint.optimizer.param_groups[0]!.lr, 0.01)
    t.same(checkpoint.optimizer.state[0]!.exp_avg!.shape, [2, 1, 3, 3])
    t.same(checkpoint.scheduler.milestones, { 3: 1, 5: 1 })
    for (const state of [checkpoint.state_dict, checkpoint['module.']]) {
      const net = makeNet()
      net.loadStateDict(state)
      for (const [name, values] of Object.entries(expected.state))
        t.same(await valuesOf(net.stateDict()[name]!), values, name)
    }
  })

t.test('what is missing or too much in a state is said, or returned', (t) => {
  const state = { ...makeNet().stateDict(), extra: ones([1]) }
  delete (state as Record<string, Tensor>)['3.bias']
  t.throws(() => makeNet().loadStateDict(state), { name: 'FormatError', message: /3\.bias: missing\n {2}extra: unexp/ })
  t.same(makeNet().loadStateDict(state, { strict: false }), { missingKeys: ['3.bias'], unexpectedKeys: ['extra'] })
  t.end()
})

t.test('counts of batches may be missing, as in old files', (t) => {
  const { '1.num_batches_tracked': count, ...state } = makeNet().stateDict()
  t.ok(count)
  t.same(makeNet().loadStateDict(state), { missingKeys: [], unexpectedKeys: [] })
  t.end()
})

t.test('what is saved comes back', async (t) => {
  const path = join(t.testdir({}), 'new', 'run.pt')
  const net = makeNet()
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.5, momentum: 0.9 })
  const shared = tensor(Float64Array.of(0.1, NaN))
  const content = {
    net,
    optimizer,
    tensors: {
      shared,
      again: shared,
      int: tensor(Int32Array.of(-5)),
      byte: tensor(Uint8Array.of(7)),
      none: zeros([0, 2]),
    },
    scalar: tensor(1.5),
    numbers: [0, -1, 255, -129, 2 ** 31, -(2 ** 31), 2 ** 53 - 1, 0.1, -0, Infinity, 1n << 80n, -(1n << 63n)],
    plain: { text: 'größe', yes: true, no: false, nothing: null, left: undefined, deep: [[], {}] },
    map: new Map<unknown, unknown>([
      [0, 'zero'],
      ['a', [1]],
    ]),
  }
  await savePyTorch(path, content)
  const loaded = await loadPyTorch<{
    net: nn.StateDict
    optimizer: { paramGroups: { lr: number }[] }
    tensors: Record<string, Tensor>
    scalar: Tensor
    numbers: number[]
    plain: object
    map: object
  }>(path)
  t.same(loaded.numbers, content.numbers)
  t.ok(Object.is(loaded.numbers[8], -0))
  t.same(loaded.plain, { text: 'größe', yes: true, no: false, nothing: null, deep: [[], {}] })
  t.same(loaded.map, { 0: 'zero', a: [1] })
  t.same(await loaded.tensors.again!.data(), Float64Array.of(0.1, NaN))
  t.same(loaded.tensors.none!.shape, [0, 2])
  t.equal(loaded.tensors.byte!.dtype, 'uint8')
  t.equal(await loaded.scalar.item(), 1.5)
  t.equal(loaded.optimizer.paramGroups[0]!.lr, 0.5)
  const other = makeNet()
  other.loadStateDict(loaded.net)
  t.same(await valuesOf(other.stateDict()['0.weight']!), await valuesOf(net.stateDict()['0.weight']!))
  t.same(readdirSync(join(path, '..')), ['run.pt'])
})

t.test('what is no data is refused by its path, and the old file stays', async (t) => {
  const path = join(t.testdir({ 'run.pt': 'old' }), 'run.pt')
  const loop: Record<string, unknown> = {}
  loop.loop = loop
  await t.rejects(savePyTorch(path, { a: [{ b: () => 1 }] }), { name: 'TypeError', message: /expected a\.0\.b to be/ })
  await t.rejects(savePyTorch(path, { date: new Date() }), { message: /got an instance of Date/ })
  await t.rejects(savePyTorch(path, new Map([[{}, 1]])), { message: /a key of the top/ })
  await t.rejects(savePyTorch(path, loop), { message: /without cycles, got one at loop/ })
  t.equal(readFileSync(path, 'utf8'), 'old')
})

/** A legacy file whose object is a pickle of these opcodes. */
function legacy(object: Buffer): Uint8Array {
  const whole = readFileSync(file('data.legacy'))
  const begin = whole.indexOf(Buffer.from([0x80, 2]), whole.indexOf('type_sizes')) // behind the three before it
  return Buffer.concat([whole.subarray(0, begin), object, Buffer.from([0x80, 2, 0x5d, 0x2e])])
}
const pickle = (...parts: (string | number[])[]) =>
  Buffer.concat([
    Buffer.from([0x80, 2]),
    ...parts.map((each) => Buffer.from(each as string, 'latin1')),
    Buffer.from('.'),
  ])

t.test('nothing is executed: classes that are not listed are named', async (t) => {
  await t.rejects(loadPyTorch(file('module')), {
    name: 'FormatError',
    message: /torch\.nn\.modules\.container\.Sequential/,
  })
  await t.rejects(loadPyTorch(file('script')), { name: 'FormatError', message: /got TorchScript/ })
  const system = pickle('cposix\nsystem\nX', [4, 0, 0, 0], 'true', [0x85], 'R')
  await t.rejects(loadPyTorch(legacy(system)), { name: 'FormatError', message: /posix\.system, which is never run/ })
  await t.rejects(loadPyTorch(legacy(pickle('c__builtin__\neval\n'))), { message: /__builtin__\.eval/ })
  await t.rejects(loadPyTorch(legacy(pickle('N)R'))), { message: /a class to make an object of/ })
  await t.rejects(loadPyTorch(legacy(pickle('(i__main__\nA\n'))), { message: /opcode of data in a pickle, got 0x69/ })
})

const malformed: [string, Uint8Array, RegExp][] = [
  ['nothing', Uint8Array.of(), /neither a zip file nor a pickle/],
  ['another pickle', pickle('K', [1]), /PyTorch's magic number/],
  ['an end in the pickle', legacy(Buffer.from([0x80, 2, 0x58, 255, 0, 0, 0])), /255 bytes at/],
  ['nesting without end', legacy(pickle(')', new Array<number>(5000).fill(0x85))), /at most 500 deep/],
  ['an unknown protocol', legacy(Buffer.from([0x80, 9, 0x4e, 0x2e])), /protocol 2 to 5/],
  ['a value that nobody remembered', legacy(pickle('h', [3])), /remembered as 3/],
  ['an integer without end', legacy(pickle([0x8b, 0, 16, 0, 0])), /at most 1024 bytes/],
  ['a stack without values', legacy(pickle([0x87])), /3 values on the stack/],
  [
    'a zip file without a directory',
    Buffer.from('PK\x03\x04 and nothing else in it, not even an end'),
    /without a directory/,
  ],
]
for (const [what, bytes, message] of malformed)
  t.test(`a file with ${what} is refused`, (t) =>
    t.rejects(loadPyTorch(bytes, { name: 'm' }), { name: 'FormatError', message }),
  )

/** Replaces bytes of the same length. */
function patched(name: string, from: string, to: string): Uint8Array {
  const bytes = readFileSync(file(name))
  const at = bytes.indexOf(from)
  if (at < 0 || from.length !== to.length) throw new Error(`no ${from} in ${name}`)
  bytes.write(to, at, 'latin1')
  return bytes
}

t.test('files of big-endian machines are refused', async (t) => {
  const zip = readFileSync(file('tensors.zip'))
  const at = zip.indexOf('little', zip.indexOf('byteorder'))
  zip.write('big\0\0\0', at)
  await t.rejects(loadPyTorch(zip), { name: 'FormatError', message: /little-endian storages, got byteorder big/ })
  const old = readFileSync(file('tensors.legacy'))
  old[old.indexOf(0x88, old.indexOf('little_endian'))] = 0x89
  await t.rejects(loadPyTorch(old), { name: 'FormatError', message: /those of another machine/ })
})

t.test('a storage of another size than its tensors say is refused', async (t) => {
  await t.rejects(loadPyTorch(patched('tensors.zip', 'FloatStorage', 'ShortStorage'.slice(0, 12))), {
    name: 'FormatError',
    message: /expected storage \d+ of \d+ bytes, got \d+/,
  })
})

t.test('bombs are refused before they are unpacked', async (t) => {
  const path = join(t.testdir({}), 'x.pth')
  await savePyTorch(path, { x: ones([4]) })
  const bomb = Buffer.from(zipSync({ ...unzipSync(readFileSync(path)), 'archive/data/0': new Uint8Array(2 ** 22) }))
  t.ok(bomb.length < 2 ** 13)
  await t.rejects(loadPyTorch(bomb), { name: 'FormatError', message: /storage 0 of 16 bytes, got 4194304/ })
  const size = Buffer.from([0, 0, 0x40, 0])
  bomb.writeUInt32LE(16, bomb.lastIndexOf(size))
  await t.rejects(loadPyTorch(bomb), {
    name: 'FormatError',
    message: /data\/0: expected deflated data of 16 bytes, got more/,
  })
  // A tensor that shows one element a billion times.
  const expanded = readFileSync(file('tensors.legacy'))
  const shape = expanded.indexOf(Buffer.from([0x4b, 2, 0x4b, 3, 0x86]), expanded.indexOf('expanded'))
  t.ok(shape > 0)
  const huge = Buffer.concat([
    expanded.subarray(0, shape + 2),
    Buffer.from([0x4a, 0, 0, 0, 0x40]),
    expanded.subarray(shape + 4),
  ])
  await t.rejects(loadPyTorch(huge), { name: 'FormatError', message: /bytes that are stored, got/ })
})

t.test('what a tensor shows repeatedly is measured by what was read, not by what the file claims', async (t) => {
  const number = (value: number) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(BigInt(value))
    return [0x8a, 8, ...bytes]
  }
  const text = (value: string) => ['X', [value.length, 0, 0, 0], value]
  const tensorOf = (key: string, size: number, shape: number, stride: number) => [
    ...['ctorch._utils\n_rebuild_tensor\n((', ...text('storage'), 'ctorch\nFloatStorage\n', ...text(key)],
    ...[...text('cpu'), number(size), 'tQ', number(0), '(', number(shape), 't(', number(stride), 'ttR'],
  ]
  const claimed = 2 ** 30
  const content = pickle('](', ...tensorOf('0', 1, claimed, 0), ...tensorOf('1', claimed / 4, 1, 1), 'e')
  const zeros = new Uint8Array(1000)
  const zip = Buffer.from(zipSync({ 'a/data.pkl': content, 'a/data/0': zeros.subarray(0, 4), 'a/data/1': zeros }))
  zip.writeUInt32LE(claimed, zip.lastIndexOf(Buffer.from([0xe8, 3, 0, 0])))
  await t.rejects(loadPyTorch(zip), { name: 'FormatError', message: /tensors of about 4 bytes that are stored, got/ })
})

t.test('small pickles neither take all memory nor time', async (t) => {
  const entries = Array.from({ length: 20_000 }, (_, i) => [0x4d, i & 255, i >> 8, 0x4e]).flat()
  const copy = [0x68, 0, 0x68, 1, 0x85, 0x52]
  const copies = ['](', new Array(20).fill(copy).flat() as number[], 'e']
  const dict = ['ccollections\nOrderedDict\n', [0x71, 0, 0x30], '}(', entries, 'u', [0x71, 1, 0x30]]
  await t.rejects(loadPyTorch(legacy(pickle(...dict, ...copies))), {
    name: 'FormatError',
    message: /objects made of data once/,
  })
  const dicts = pickle(new Array<number>(2 ** 21 + 1).fill(0x7d))
  await t.rejects(loadPyTorch(legacy(dicts)), { name: 'FormatError', message: /at most 2097152 objects/ })
  const long = zipSync({ 'a/data.pkl': new Uint8Array(2 ** 24 + 1) })
  await t.rejects(loadPyTorch(long), { name: 'FormatError', message: /data.pkl: expected at most 16777216 bytes/ })
})

t.test('sets hold what they hold, themselves too', async (t) => {
  const path = join(t.testdir({}), 'x.pth')
  // set(); add it to itself; in a list twice
  const content = pickle('](', [0x8f, 0x71, 0, 0x28, 0x68, 0, 0x90, 0x68, 0], 'e')
  writeFileSync(path, zipSync({ 'a/data.pkl': content }))
  const [first, second] = await loadPyTorch<Set<unknown>[]>(path)
  t.equal(first, second)
  t.same([...first!], [first])
})

for (const name of ['tensors.zip', 'checkpoint.zip', 'tensors.legacy', 'checkpoint.legacy'])
  t.test(`damaged copies of ${name} are refused or read`, async (t) => {
    await settle()
    const before = memory().tensors
    const { refused, strange } = await survives(
      readFileSync(file(name)),
      async (bytes) => free(await loadPyTorch(bytes)),
      name.startsWith('tensors') ? 10_000 : 1_000,
    )
    t.same(strange, [])
    t.ok(refused > 200, `${refused} were refused`)
    t.ok(memory().tensors - before < 100_000)
  })

/** Frees tensors at once, which would else wait for the collector. */
function free(value: unknown): void {
  if (value instanceof Map || Array.isArray(value) || value instanceof Set)
    for (const each of value.values()) free(each)
  else if (typeof (value as Tensor | null)?.dispose === 'function') (value as Tensor).dispose()
  else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) Object.values(value).forEach(free)
}

t.test('the weights of ResNet-20 are those of their safetensors twin', { skip }, async (t) => {
  const { state_dict: state } = await loadPyTorch(join(resnets, 'resnet20-12fca82f.th'))
  const twin = await io.loadSafetensors(join(resnets, 'resnet20-12fca82f.safetensors'))
  t.equal(Object.keys(state as object).length, Object.keys(twin).length)
  for (const [name, x] of Object.entries(twin)) {
    const own = (state as Record<string, Tensor>)[`module.${name}`]!
    t.same(own.shape, x.shape, name)
    t.same(Buffer.from((await own.data()).buffer), Buffer.from((await x.data()).buffer), name)
  }
})
