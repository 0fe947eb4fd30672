import { backends, type ConvAlgorithm, cuda, scope } from 'convcore'
import t from 'tap'
import { type Case, inputValues } from '../ops/case.js'
import { difference, toleranceOf } from '../ops/close.js'
import { gradients } from '../ops/differentiate.js'
import { families } from '../ops/families.js'
import { fill, type Float } from '../ops/place.js'
import { skip } from './cuda.js'

const libraries = skip
  ? []
  : cuda
      .properties()
      .libraries.filter(({ path }) => path)
      .map(({ name }) => name)

/** What differs between a case on CUDA and on the CPU, with images as slices at odd addresses. */
function compare(test: Case): string[] {
  const floats: Float[] = test.inputs.every(({ dtype }) => dtype) ? ['float32'] : ['float32', 'float64']
  return floats.flatMap((dtype) =>
    (['channels last', 'slices'] as const).flatMap((placement) =>
      scope(() => {
        const on = (device: 'cpu:0' | 'cuda:0') => {
          const y = test.op(...fill(test, inputValues(test), { dtype, placement, device }))
          return [y, ...(test.differentiable ? gradients(test, dtype, placement, device) : [])]
        }
        const want = on('cpu:0')
        return on('cuda:0').flatMap((x, i) => {
          const { shape } = want[i]!
          const limit = (i === 0 && test.tolerance?.[x.dtype as Float]) || toleranceOf(x.dtype)
          return difference(x, { shape, data: want[i]!.dataSync() as Float64Array }, limit) ?? []
        })
      }),
    ),
  )
}

// Signals are images of height 1, and how the CPU splits its work is nothing to CUDA.
const convolutions = (skip ? [] : [...families.conv!.cases, ...families.transposed!.cases]).filter(
  ({ name }) => !name.includes('1d') && !name.includes('several jobs'),
)

for (const algorithm of ['im2col', 'implicit', 'cudnn'] satisfies ConvAlgorithm[])
  t.test(`convolutions by ${algorithm} are those of the CPU`, { skip }, async (t) => {
    if (algorithm === 'cudnn' && !libraries.includes('cuDNN')) return t.pass('there is no cuDNN here')
    backends.cuda.convAlgorithm = algorithm
    t.teardown(() => (backends.cuda.convAlgorithm = 'auto'))
    for (const test of convolutions) t.same(compare(test), [], test.name)
  })

t.test('matrix products by cuBLAS are those of the CPU', { skip }, async (t) => {
  if (!libraries.includes('cuBLAS')) return t.pass('there is no cuBLAS here')
  for (const test of families.matmul!.cases) t.same(compare(test), [], test.name)
})

t.test('batch norm by cuDNN is that of the CPU', { skip }, async (t) => {
  if (!libraries.includes('cuDNN')) return t.pass('there is no cuDNN here')
  backends.cuda.convAlgorithm = 'cudnn'
  t.teardown(() => (backends.cuda.convAlgorithm = 'auto'))
  for (const test of families.norm!.cases) t.same(compare(test), [], test.name)
})

t.test('the fastest algorithm is found by trial, which changes nothing else', { skip }, async (t) => {
  backends.cuda.benchmark = true
  t.teardown(() => (backends.cuda.benchmark = false))
  for (const test of [...convolutions.slice(0, 6), ...families.norm!.cases.slice(-8)])
    for (const time of ['first', 'second']) t.same(compare(test), [], `${test.name}, ${time} time`)
})

t.test('an algorithm that does not exist is refused', { skip }, async (t) => {
  t.throws(() => (backends.cuda.convAlgorithm = 'winograd' as ConvAlgorithm), {
    name: 'RangeError',
    message: /convAlgorithm: expected 'auto', 'im2col', 'implicit' or 'cudnn', got winograd/,
  })
  t.equal(backends.cuda.convAlgorithm, 'auto')
})
