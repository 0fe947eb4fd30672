import {
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  mul,
  rand,
  sum,
  type Tensor,
} from 'convcore'
import t from 'tap'

interface Options {
  stride?: number
  padding?: number
  outputPadding?: number
  dilation?: number
  groups?: number
}
type Op = (x: Tensor, weight: Tensor, bias?: Tensor, options?: Options) => Tensor

const dot = (a: Tensor, b: Tensor): number => sum(mul(a, b)).itemSync()

const pairs: [name: string, convolve: Op, spread: Op][] = [
  ['1-D', conv1d, convTranspose1d],
  ['2-D', conv2d, convTranspose2d],
  ['3-D', conv3d, convTranspose3d],
]
/** With output padding that gives back a size of which the convolution skips the last cells. */
const options: Options[] = [
  {},
  { stride: 2, padding: 1, outputPadding: 1 },
  { stride: 3, outputPadding: 2, dilation: 2 },
  { padding: 2, groups: 2 },
]

for (const [i, [name, convolve, spread]] of pairs.entries())
  t.test(`${name} transposed convolution is the adjoint of convolution`, (t) => {
    const sides = (size: number) => new Array<number>(i + 1).fill(size)
    for (const given of options) {
      const { stride, padding, dilation, groups = 1 } = given
      const weight = rand([6, 4 / groups, ...sides(3)], { dtype: 'float64' })
      const y = rand([2, 6, ...sides(3)], { dtype: 'float64' })
      const back = spread(y, weight, undefined, { ...given })
      const x = rand([...back.shape], { dtype: 'float64' })
      const there = convolve(x, weight, undefined, { stride, padding, dilation, groups })
      t.same(there.shape, y.shape, `the sizes of ${JSON.stringify(given)}`)
      const [left, right] = [dot(there, y), dot(x, back)]
      t.ok(Math.abs(left - right) <= 1e-12 * Math.abs(left), `⟨conv(x), y⟩ = ${left}, ⟨x, convTranspose(y)⟩ = ${right}`)
    }
    t.end()
  })

t.test('the gradient of each is the other', (t) => {
  const weight = rand([5, 3, 3, 2], { dtype: 'float64' })
  const x = rand([2, 3, 8, 7], { dtype: 'float64', requiresGrad: true })
  const y = conv2d(x, weight, undefined, { stride: 2, padding: 1 })
  const dy = rand([...y.shape], { dtype: 'float64', requiresGrad: true })
  y.backward(dy.detach())
  const back = convTranspose2d(dy, weight, undefined, { stride: 2, padding: 1, outputPadding: [1, 1] })
  t.same(x.grad!.shape, back.shape)
  t.same(x.grad!.dataSync(), back.dataSync())
  back.backward(x.detach())
  t.same(dy.grad!.dataSync(), y.dataSync())
  t.end()
})
