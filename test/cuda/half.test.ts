import { adaptiveAvgPool2d, eye, full, lstsq, ones, qr, scope, tensor, type Tensor, toChannelsLast } from 'convcore'
import t from 'tap'
import { type Case, generator, inputValues, weightsFor } from '../ops/case.js'
import { difference } from '../ops/close.js'
import { families } from '../ops/families.js'
import { fill } from '../ops/place.js'
import { skip } from './cuda.js'

/** Some units in the last place, relative to the largest magnitude. */
const tolerance = { float16: 5e-3, bfloat16: 4e-2 } as const
type Half = keyof typeof tolerance

const RESIDUAL = 5 // of batch norm

/** The inputs that are stored in half precision; parameters and statistics of normalisation stay float32. */
const isHalf = (family: string, test: Case, input: number): boolean =>
  !test.inputs[input]!.dtype && (!/norm/i.test(family) || input === 0 || input === RESIDUAL)

function inputsOf(family: string, test: Case, dtype: Half): { there: Tensor[]; here: Tensor[] } {
  const placement = 'mixed'
  const there = fill(test, inputValues(test), { dtype: 'float32', placement, device: 'cuda:0' }).map((x, i) =>
    isHalf(family, test, i) ? x.to(dtype) : x,
  )
  // The CPU gets what is left of the values after rounding.
  return { there, here: there.map((x) => (x.dtype === dtype ? x.to('float32') : x).to('cpu')) }
}

function compare(family: string, test: Case, dtype: Half): string[] {
  return scope(() => {
    const { there, here } = inputsOf(family, test, dtype)
    const leaves = test.differentiable ?? []
    for (const i of leaves) there[i]!.requiresGrad = here[i]!.requiresGrad = true
    const [y, want] = [test.op(...there), test.op(...here)]
    const limit = tolerance[dtype]
    const dense = (x: Tensor) => ({ shape: x.shape, data: x.dataSync() as Float64Array })
    // What is beyond the range of a half dtype is infinite in it.
    const found = [difference(y, dense(y.dtype === dtype ? want.to('cuda:0').to(dtype) : want), limit)]
    if (leaves.length) {
      const { shape, data } = weightsFor(y.shape, generator(test.name))
      const dy = tensor(data, { shape, dtype: 'float32', device: 'cuda:0' }).to(y.dtype)
      y.backward(dy)
      want.backward(dy.to('float32').to('cpu'))
      for (const i of leaves) found.push(difference(there[i]!.grad!, dense(here[i]!.grad!), limit))
    }
    return found.filter((each) => each !== undefined).map((each) => `${dtype}: ${each}`)
  })
}

for (const [family, { cases }] of Object.entries(families))
  if (family !== 'random' && family !== 'linalg')
    t.test(`${family} in half precision is near to float32`, { skip }, (t) => {
      for (const test of cases.filter((test) => test.inputs.some((_, i) => isHalf(family, test, i))))
        for (const dtype of ['float16', 'bfloat16'] as const) t.same(compare(family, test, dtype), [], test.name)
      t.end()
    })

t.test('a mean in half precision is rounded once, not as a sum', { skip }, (t) => {
  const x = full([2, 3, 300, 300], 3, { device: 'cuda:0' }).to('float16')
  for (const y of [x.mean(), x.mean([0, 2, 3]), x.mean(3), x.mean([0, 2]), adaptiveAvgPool2d(toChannelsLast(x), 1)])
    t.ok(
      y.dataSync().every((v) => v === 3),
      `[${y.shape}]`,
    )
  t.end()
})

t.test('factors of matrices are not made in half precision', { skip }, (t) => {
  for (const dtype of ['float16', 'bfloat16'] as const) {
    const a = eye(3, 3, { device: 'cuda:0' }).to(dtype)
    const error = { name: 'DTypeError', message: new RegExp(`expected float32 or float64.*got ${dtype}`) }
    t.throws(() => qr(a), error)
    t.throws(() => lstsq(a, ones([3], { device: 'cuda:0' }).to(dtype)), error)
  }
  t.end()
})
