import { Worker } from 'node:worker_threads'
import { once } from 'node:events'
import t, { type Test } from 'tap'

// The native layer called as no TypeScript would: every wrong call throws, and the next right one works.
type Native = typeof import('../lib/native.js')
const location = new URL('native.js', import.meta.resolve('convcore')).href
const { kernels, native, pack } = (await import(location)) as Native

const FLOAT32 = 0
const INT32 = 2

function vector(...values: number[]): number {
  const handle = native.create('test', values.length, FLOAT32, 0)
  native.write(handle, Float32Array.from(values))
  return handle
}

const values = (handle: number): number[] => [...new Float32Array(native.readSync(handle))]

type Expected = { name: string } | { code: string; message?: RegExp } | { message: RegExp }

/** Asserts that a call throws, and that the layer still works. */
function refuses(t: Test, name: string, call: () => unknown, error: Expected = { message: /expected/ }): void {
  t.throws(call, error, name)
  const [x, y] = [vector(-1, 0, 2), vector(7, 7, 7)]
  kernels.relu(3, x, y)
  t.same(values(y), [0, 0, 2], `${name}: the next call works`)
  native.release(x)
  native.release(y)
}

// Kernels with arguments of any kind.
const raw = kernels as unknown as Record<string, (...values: unknown[]) => void>
const argument = { code: 'ERR_ARGUMENT' }

t.test('arity', (t) => {
  const x = vector(1)
  refuses(t, 'none', () => raw.relu!(), { ...argument, message: /relu: expected 3 arguments, got 0/ })
  refuses(t, 'too few', () => raw.relu!(1, x), argument)
  refuses(t, 'too many', () => raw.relu!(1, x, x, x), argument)
  for (const [name, kernel] of Object.entries(raw)) t.throws(() => kernel(), argument, `${name} without arguments`)
  t.end()
})

t.test('things that are no numbers', (t) => {
  const x = vector(1)
  for (const value of ['1', {}, null, undefined, [1], true, 1n, Symbol('x'), () => 1, new Float32Array(1)]) {
    refuses(t, `${typeof value} as a tensor`, () => raw.relu!(1, value, x), { name: 'TypeError' })
    refuses(t, `${typeof value} as a count`, () => raw.relu!(value, x, x), { name: 'TypeError' })
    refuses(t, `${typeof value} as geometry`, () => raw.matmul!(value, x, x, 0, x), { name: 'TypeError' })
    if (!Array.isArray(value))
      refuses(t, `${typeof value} as a list`, () => raw.sgd!(1, 0, 0, 0, 0, 1, value, [], []), { name: 'TypeError' })
  }
  refuses(t, 'strings in a list', () => raw.sgd!(1, 0, 0, 0, 0, 1, ['x'], ['x'], []), { name: 'TypeError' })
  refuses(t, 'holes in a list', () => raw.sgd!(1, 0, 0, 0, 0, 1, new Array(2), new Array(2), []), { name: 'TypeError' })
  t.end()
})

t.test('handles', (t) => {
  const x = vector(1)
  for (const handle of [
    0,
    -1,
    0.5,
    NaN,
    Infinity,
    -Infinity,
    1,
    2 ** 31,
    2 ** 32,
    2 ** 52,
    2 ** 53,
    1e300,
    -x,
    x + 1,
    x + 0.5,
  ]) {
    refuses(t, `${handle} to read from`, () => kernels.relu(1, handle, x))
    // A result of handle 0 is made by the call.
    if (handle !== 0) refuses(t, `${handle} to write to`, () => kernels.relu(1, x, handle))
    refuses(t, `${handle} in a list`, () => kernels.sgd(1, 0, 0, 0, 0, 0, 1, [handle], [x], []))
    refuses(t, `${handle} to data()`, () => native.readSync(handle))
    refuses(t, `${handle} to write()`, () => native.write(handle, new Float32Array(1)))
    refuses(t, `${handle} to view()`, () => native.view(handle, 0, 1))
    refuses(t, `${handle} to dispose()`, () => native.release(handle))
  }
  const gone = vector(1)
  native.release(gone)
  const disposed = { code: 'ERR_DISPOSED' }
  refuses(t, 'a disposed tensor', () => kernels.relu(1, gone, x), disposed)
  refuses(t, 'a tensor disposed twice', () => native.release(gone), disposed)
  const reused = vector(3)
  refuses(t, 'a disposed tensor whose place was taken', () => kernels.relu(1, gone, x), disposed)
  t.same(values(reused), [3])
  t.end()
})

t.test('a result that the call makes', (t) => {
  const x = vector(-1, 2)
  t.same(values(kernels.relu(2, x, 0)), [0, 2])
  t.equal(kernels.relu(2, x, vector(0, 0)), undefined, 'none is returned where it is given')
  refuses(t, 'elements that the operands do not have', () => kernels.relu(3, x, 0), { code: 'ERR_SHAPE' })
  refuses(t, 'a result of no other operand', () => kernels.fill(2, 1, 0), { code: 'ERR_HANDLE' })
  refuses(t, 'two results', () => kernels.qr(1, 1, vector(1), 0, 0), { code: 'ERR_HANDLE' })
  refuses(t, 'a result beside one in a list', () => kernels.sgd(1, 0, 0, 0, 0, 0, 1, [x], [0], []), {
    code: 'ERR_HANDLE',
  })
  const [one, repeated] = [vector(1), (size: number) => pack([1, size, 0, 0])]
  refuses(t, 'more than there can be', () => kernels.add(repeated(2 ** 50), one, one, 0), { code: 'ERR_SHAPE' })
  refuses(t, 'more than there is', () => kernels.add(repeated(2 ** 48), one, one, 0), { code: 'ERR_OUT_OF_MEMORY' })
  t.end()
})

t.test('what a disposed base leaves', (t) => {
  const base = vector(1, 2, 3)
  const part = native.view(base, 1, 2)
  native.release(base)
  t.same(values(part), [2, 3], 'a view keeps its memory')
  refuses(t, 'a view beyond the end', () => native.view(part, 1, 2))
  refuses(t, 'a view before the start', () => native.view(part, -1, 1))
  refuses(t, 'a view of a negative size', () => native.view(part, 0, -1))
  t.end()
})

t.test('operands that overlap', (t) => {
  const base = native.create('test', 3, INT32, 0)
  const table = native.create('test', 2, INT32, 0)
  const [index, y] = [native.view(base, 0, 2), native.view(base, 1, 2)]
  refuses(t, 'a result over its indices', () => kernels.index_select(1, 2, 2, 1, table, index, y), {
    code: 'ERR_ARGUMENT',
    message: /index_select: expected y not to overlap another operand/,
  })
  // A kernel that writes over the indices it was checked with would follow what it wrote.
  refuses(t, 'indices that are the result', () => kernels.scatter(1, 2, 2, 1, 0, index, table, index), {
    code: 'ERR_ARGUMENT',
    message: /scatter: expected y not to overlap another operand/,
  })
  t.end()
})

t.test('a list whose reading runs code', (t) => {
  const [grad, p] = [vector(1), vector(2)]
  const list = [p]
  Object.defineProperty(list, 1, {
    get: () => {
      native.release(p)
      return grad
    },
  })
  refuses(t, 'a tensor that the code disposes', () => kernels.sgd(1, 0, 0, 0, 0, 0, 1, [grad, grad], list, []), {
    code: 'ERR_DISPOSED',
  })
  t.end()
})

t.test('sizes and dtypes', (t) => {
  const [x, three, whole] = [vector(1), vector(1, 2, 3), native.create('test', 3, INT32, 0)]
  const shape = { code: 'ERR_SHAPE' }
  refuses(t, 'fewer elements', () => kernels.relu(3, x, three), {
    ...shape,
    message: /relu: expected x to have 3 elements, got 1/,
  })
  refuses(t, 'more elements', () => kernels.relu(1, x, three), shape)
  for (const count of [-1, 0.5, NaN, Infinity, 2 ** 53, 2 ** 60])
    refuses(t, `${count} elements`, () => kernels.relu(count, x, x))
  refuses(t, 'overflowing products', () => kernels.softmax(2 ** 40, 2 ** 40, 2 ** 40, x, x))
  refuses(t, 'negative products', () => kernels.softmax(-1, -1, 1, x, x))
  refuses(t, 'int32 for floats', () => kernels.relu(3, whole, three), { code: 'ERR_DTYPE' })
  refuses(t, 'floats for int32', () => kernels.increment(3, three), { code: 'ERR_DTYPE' })
  refuses(t, 'lists of different lengths', () => kernels.sgd(1, 0, 0, 0, 0, 0, 1, [x, x], [x], []), shape)
  refuses(t, 'lists of different sizes', () => kernels.sgd(1, 0, 0, 0, 0, 0, 1, [x], [three], []), shape)
  refuses(t, 'another number of bytes', () => native.write(three, new Float32Array(2)), shape)
  refuses(t, 'no typed array', () => native.write(three, [1, 2, 3] as unknown as Float32Array))
  for (const count of [-1, 0.5, NaN, 2 ** 50, 2 ** 60])
    refuses(t, `memory for ${count}`, () => native.create('test', count, FLOAT32, 0))
  refuses(t, 'more memory than there is', () => native.create('test', 2 ** 48, FLOAT32, 0), {
    code: 'ERR_OUT_OF_MEMORY',
  })
  refuses(t, 'dtype 9', () => native.create('test', 1, 9, 0))
  for (const device of [-1, 0.5, native.maxDevices, 1e9])
    refuses(t, `device ${device}`, () => native.create('test', 1, FLOAT32, device))
  t.end()
})

t.test('geometry', (t) => {
  const x = vector(1)
  const conv = {
    n: 1,
    c: 1,
    h: 1,
    w: 1,
    r: 1,
    s: 1,
    p: 1,
    q: 1,
    strideH: 1,
    strideW: 1,
    padH: 0,
    padW: 0,
    dilationH: 1,
    dilationW: 1,
    d: 1,
    t: 1,
    o: 1,
    strideD: 1,
    padD: 0,
    dilationD: 1,
    k: 1,
    groups: 1,
  }
  const convolve = (changes: Partial<typeof conv>) => () =>
    kernels.conv(pack(Object.values({ ...conv, ...changes })), x, x, 0, x)
  t.doesNotThrow(convolve({}))
  for (const field of Object.keys(conv))
    for (const value of [-1, NaN, 0.5, Infinity, 2 ** 53, 1e300])
      refuses(t, `${field} ${value}`, convolve({ [field]: value }))
  for (const field of ['r', 's', 't', 'strideH', 'strideW', 'strideD', 'dilationH', 'dilationW', 'dilationD', 'groups'])
    refuses(t, `${field} 0`, convolve({ [field]: 0 }))
  refuses(t, 'an image that overflows', convolve({ h: 2 ** 40, w: 2 ** 40 }))
  refuses(t, 'a volume that overflows', convolve({ d: 2 ** 31, h: 2 ** 31, w: 2 ** 31 }))
  refuses(t, 'a batch that overflows', convolve({ n: 2 ** 40, c: 2 ** 40 }))
  refuses(t, 'an output that overflows', convolve({ p: 2 ** 31, q: 2 ** 31, k: 2 ** 31 }))
  refuses(t, 'groups that do not divide', convolve({ groups: 2 }))
  refuses(t, 'words of another op', () => kernels.conv(pack([1, 1, 1, 1, 0, 0]), x, x, 0, x), argument)
  refuses(t, 'no words', () => kernels.conv(pack([]), x, x, 0, x), argument)

  const axis = [1, 1, 1, 1, 0, 0, 1] // input, output, taps, stride, padding before and after, dilation
  const pooling = [1, 1, ...axis, ...axis, ...axis, 0, 1, 0]
  const pool =
    (...words: number[]) =>
    () =>
      kernels.avg_pool(pack(words), x, x)
  t.doesNotThrow(pool(...pooling))
  for (const field of pooling.keys())
    for (const value of [-1, NaN, 0.5, Infinity, 2 ** 53])
      // The last three words are two flags, which take every integer, and a divisor.
      if (!Number.isInteger(value) || field < 23)
        refuses(t, `pooling with word ${field} ${value}`, pool(...pooling.with(field, value)))
  const [none, three] = [native.create('test', 0, FLOAT32, 0), vector(1, 2, 3)]
  const nowhere = [1, 1, ...axis, ...axis.with(0, 3).with(1, 0), ...axis, 1, 0, 0]
  refuses(t, 'adaptive pooling to nothing', () => kernels.avg_pool_backward(pack(nowhere), none, three))

  const eight = (...words: number[]) => [...words, ...Array<number>(8 - words.length).fill(0)]
  const strided = (rank: number, dims: number[], strides: number[], offset: number, total: number) =>
    pack([rank, ...eight(...dims), ...eight(...strides), offset, total])
  const read =
    (...words: Parameters<typeof strided>) =>
    () =>
      kernels.strided_read(strided(...words), x, x)
  t.doesNotThrow(read(1, [1], [1], 0, 1))
  for (const rank of [-1, 9, 64, 2 ** 40]) refuses(t, `rank ${rank}`, read(rank, [1], [1], 0, 1))
  refuses(t, 'an offset beyond', read(1, [1], [1], 1, 1))
  refuses(t, 'a negative offset', read(1, [1], [1], -1, 1))
  refuses(t, 'a negative stride', read(1, [1], [-1], 0, 1))
  refuses(t, 'strides that reach beyond', read(2, [1, 2], [1, 1], 0, 1))
  refuses(t, 'strides that overflow', read(2, [2 ** 40, 2 ** 40], [2 ** 40, 2 ** 40], 0, 1))
  refuses(t, 'sizes that overflow', read(2, [2 ** 40, 2 ** 40], [0, 0], 0, 1))

  const add = (rank: number, dims: number[], a: number[], b: number[]) => () =>
    kernels.add(pack([rank, ...eight(...dims), ...eight(...a), ...eight(...b)]), x, x, x)
  t.doesNotThrow(add(0, [], [], []))
  for (const rank of [-1, 9, 2 ** 40]) refuses(t, `broadcast of rank ${rank}`, add(rank, [], [], []))
  refuses(t, 'a broadcast beyond', add(1, [2], [1], [0]))
  refuses(t, 'a broadcast of a negative stride', add(1, [2], [-1], [0]))
  t.end()
})

t.test('indices that lie', async (t) => {
  const [table, y, index] = [vector(1, 2, 3), vector(7), native.create('test', 1, INT32, 0)]
  for (const bad of [-1, 3, 2 ** 31 - 1, -(2 ** 31)]) {
    native.write(index, Int32Array.of(bad))
    kernels.index_select(1, 3, 1, 1, table, index, y)
    const failed = { code: 'ERR_EXECUTION', message: new RegExp(`index_select: .*${bad}`) }
    t.throws(() => native.readSync(y), failed, `${bad}, blocking`)
    await t.rejects(native.read(y), failed, `${bad}, waiting`)
  }
  native.write(index, Int32Array.of(2))
  kernels.index_select(1, 3, 1, 1, table, index, y)
  t.same(values(y), [3], 'the tensor can be written again')
})

/** What a thread of its own answers to `code`, in which `native`, `kernels` and `workerData` are known. */
async function inWorker(code: string, workerData?: unknown): Promise<unknown> {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads')
    import(${JSON.stringify(location)}).then(({ native, kernels }) => { parentPort.postMessage((() => { ${code} })()) })`
  const worker = new Worker(source, { eval: true, workerData })
  const ended = once(worker, 'exit') // which may come in one turn with the message
  const [answer] = (await once(worker, 'message')) as [unknown]
  await ended
  return answer
}

const attempt = 'const attempt = (f) => { try { return f() } catch (error) { return error.code } };'

t.test('handles of another thread', async (t) => {
  const theirs = (await inWorker('return native.create("test", 1, 0, 0)')) as number
  const mine = vector(5)
  refuses(t, 'a tensor of a worker', () => kernels.relu(1, theirs, mine), { code: 'ERR_HANDLE' })
  refuses(t, 'a tensor of a worker to dispose()', () => native.release(theirs), { code: 'ERR_HANDLE' })
  const answer = await inWorker(`${attempt} return attempt(() => native.readSync(workerData))`, mine)
  t.equal(answer, 'ERR_HANDLE', 'a tensor of the main thread')
  t.same(values(mine), [5])
})

t.test('after stop()', async (t) => {
  const answer = await inWorker(`${attempt}
    const x = native.create("test", 1, 0, 0)
    native.write(x, Float32Array.of(-1))
    native.stop()
    native.stop()
    return [() => kernels.relu(1, x, x), () => native.create("test", 1, 0, 0), () => native.write(x, Float32Array.of(1)),
      () => native.readSync(x), () => native.release(x),
      () => native.write(native.create("test", 1, 0, 1), Float32Array.of(1))].map(attempt)`)
  const stopped = 'ERR_STOPPED'
  t.same(answer, [stopped, stopped, stopped, stopped, undefined, stopped])
  refuses(t, 'a wrong call after a worker stopped', () => raw.relu!())
})

t.test('recordings', (t) => {
  const captured = { code: 'ERR_CAPTURE' }
  const none = new Float64Array()
  refuses(t, 'an end without a beginning', () => native.finish(), captured)
  for (const plan of [0, 1.5, -1, 99, NaN, '1', {}])
    refuses(t, `${JSON.stringify(plan)} as a plan`, () => native.replay(plan as number, none))
  const x = vector(1, 2)
  native.record(0)
  const y = native.create('test', 2, FLOAT32, 0)
  kernels.scale(2, 3, x, y)
  t.equal(native.vary(), 2)
  t.throws(() => native.record(0), captured, 'a recording in a recording')
  t.throws(() => native.readSync(x), captured, 'reading')
  t.throws(() => native.mark(0), captured, 'a mark')
  t.throws(() => native.create('test', 1, FLOAT32, 1), captured, 'another device')
  native.suspend()
  t.same(values(x), [1, 2], 'what was there before can be used between suspend and resume')
  t.throws(() => kernels.relu(2, y, x), captured, 'what the recording made cannot')
  t.throws(() => native.readSync(y), captured)
  native.resume()
  const plan = native.finish()
  refuses(t, 'too few numbers', () => native.replay(plan, none), argument)
  refuses(t, 'too many numbers', () => native.replay(plan, new Float64Array(3)), argument)
  refuses(t, 'numbers of another type', () => native.replay(plan, new Float32Array(2) as never), argument)
  refuses(t, 'numbers for other elements', () => native.replay(plan, Float64Array.of(3, 1)), { code: 'ERR_SHAPE' })
  refuses(t, 'a broken number of elements', () => native.replay(plan, Float64Array.of(2.5, 1)), argument)
  native.replay(plan, Float64Array.of(2, 10))
  t.same(values(y), [10, 20])
  native.dropPlan(plan)
  t.same(values(y), [10, 20], 'a tensor outlives the plan that made it')
  refuses(t, 'a plan that was dropped', () => native.replay(plan, Float64Array.of(2, 1)), { code: 'ERR_DISPOSED' })
  native.release(x)
  native.release(y)
  t.end()
})

t.test('weights that were not prepared', (t) => {
  const geometry = [1, 2, 3, 3, 3, 3, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 0, 1, 4, 1]
  const size = native.preparedSize(pack(geometry))
  const [x, y] = [vector(...Array<number>(18).fill(1)), vector(0, 0, 0, 0)]
  for (const head of [0, 3, -1, NaN, 0.5, 1e30]) {
    const prepared = vector(head, ...Array<number>(size - 1).fill(1))
    kernels.conv_prepared(pack(geometry), 0, x, prepared, 0, 0, y)
    t.throws(() => native.readSync(y), { code: 'ERR_EXECUTION', message: /expected a weight that was prepared/ })
    native.release(prepared)
  }
  refuses(t, 'a size for no geometry', () => native.preparedSize(3 as never), argument)
  t.end()
})
