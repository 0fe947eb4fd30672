import { backends, conv2d, type CpuConvAlgorithm, randn, scope, type Tensor, toChannelsLast } from 'convcore'
import t from 'tap'
import { type Case, inputValues } from '../ops/case.js'
import { gradients } from '../ops/differentiate.js'
import { families } from '../ops/families.js'
import { onEveryIsa } from '../ops/isa.js'
import { fill, type Float } from '../ops/place.js'

/** ‖got − want‖ / ‖want‖ */
function relativeError(got: Tensor, want: Tensor): number {
  const [a, b] = [got.dataSync(), want.dataSync()]
  let difference = 0
  let size = 0
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2
    size += b[i]! ** 2
  }
  return size ? Math.sqrt(difference / size) : Math.sqrt(difference)
}

/** The result of a case, and its gradients: by the algorithm in float32, by products in float64. */
const results = (test: Case, dtype: Float) => [
  test.op(...fill(test, inputValues(test), { dtype, placement: 'channels last' })),
  ...gradients(test, dtype, 'channels last'),
]

function check(test: Case): void {
  scope(() => {
    const want = results(test, 'float64')
    results(test, 'float32').forEach((got, i) => {
      const error = relativeError(got, want[i]!)
      if (!(error <= (i === 0 ? 5e-6 : 2e-5))) t.fail(`${test.name}, result ${i}: error ${error}`)
    })
  })
}

type Large = [name: string, x: number[], weight: number[], padding: number | 'same' | [number, number]]

const large: Large[] = [
  ['few tiles, many filters', [2, 200, 7, 7], [300, 200, 3, 3], 1],
  ['many tiles', [4, 40, 30, 33], [48, 40, 3, 3], 1],
  ['deep sums', [1, 600, 9, 9], [40, 600, 3, 3], 1],
  ['odd channels', [3, 19, 13, 17], [37, 19, 3, 3], 'same'],
  ['padding beyond the window', [2, 33, 6, 5], [35, 33, 3, 3], [4, 0]],
  ['no padding', [2, 16, 3, 4], [16, 16, 3, 3], 0],
  // Sides that leave every rest of a tile, narrow (a vector of channels and of filters) and wide.
  ...[1, 2, 5, 6, 7, 8].flatMap((h) =>
    [16, 40].map((c): Large => [`${c} channels, ${h}×${16 - h}`, [3, c, h, 16 - h], [c, c, 3, 3], 1]),
  ),
]

const algorithms: CpuConvAlgorithm[] = ['gemm', 'direct', 'winograd']

for (const algorithm of algorithms)
  t.test(`convolutions by ${algorithm} are right to 5e-6, and their gradients to 2e-5`, (t) => {
    backends.cpu.convAlgorithm = algorithm
    t.teardown(() => (backends.cpu.convAlgorithm = 'auto'))
    for (const test of [...families.conv!.cases, ...families.transposed!.cases]) check(test)
    for (const [name, x, weight, padding] of large) {
      const op = (image: Tensor, filters: Tensor, bias: Tensor) => conv2d(image, filters, bias, { padding })
      const inputs = [{ shape: x }, { shape: weight }, { shape: [weight[0]!] }]
      check({
        name: `conv2d: ${name}`,
        inputs,
        op,
        reference: () => ({ shape: [], data: new Float64Array() }),
        differentiable: [0, 1, 2],
      })
    }
    t.pass()
    t.end()
  })

t.test('results by Winograd’s algorithm repeat, and an image’s do not depend on the others', (t) => {
  const x = toChannelsLast(randn([8, 32, 28, 28]))
  const weight = toChannelsLast(randn([32, 32, 3, 3]))
  const once = conv2d(x, weight, undefined, { padding: 1 }).dataSync()
  t.same(conv2d(x, weight, undefined, { padding: 1 }).dataSync(), once)
  const first = conv2d(x.slice(0, 0, 1), weight, undefined, { padding: 1 }).dataSync()
  t.same(first, once.subarray(0, first.length), 'a smaller batch gives the same bits')
  t.end()
})

t.test('an algorithm that does not exist is refused', (t) => {
  t.throws(() => (backends.cpu.convAlgorithm = 'fft' as CpuConvAlgorithm), {
    name: 'RangeError',
    message: /convAlgorithm: expected 'auto', 'gemm', 'direct' or 'winograd', got fft/,
  })
  t.equal(backends.cpu.convAlgorithm, 'auto')
  t.end()
})

onEveryIsa(import.meta.filename)
