import {
  backends,
  batchNorm,
  compile,
  conv2d,
  noGrad,
  ones,
  rand,
  randn,
  relu,
  type Tensor,
  toChannelsLast,
} from 'convcore'
import t from 'tap'
import { skip } from './cuda.js'

const images = (...shape: number[]) => toChannelsLast(randn(shape, { device: 'cuda' }))

t.test('convolutions compiled on CUDA equal plain ones, in each way that they go', { skip }, (t) => {
  const [mean, bias] = [randn([6], { device: 'cuda' }), randn([6], { device: 'cuda' })]
  const variance = rand([6], { device: 'cuda' }).add(0.5)
  const [weight, depthwise] = [images(6, 4, 3, 3), images(6, 1, 3, 3)]
  const block = (x: Tensor): Tensor => {
    const y = relu(batchNorm(conv2d(x, weight, bias, { padding: 1 }), mean, variance))
    return relu(conv2d(y, depthwise, bias, { padding: 1, groups: 6 }).add(y))
  }
  for (const algorithm of ['auto', 'im2col', 'implicit'] as const) {
    backends.cuda.convAlgorithm = algorithm
    const compiled = compile(block)
    for (let i = 0; i < 3; i++) {
      const x = images(2, 4, 7, 6)
      const [got, want] = [compiled(x).dataSync(), noGrad(() => block(x)).dataSync()]
      t.ok(
        want.every((value, i) => Math.abs(got[i]! - value) < 1e-4),
        algorithm,
      )
    }
    t.equal(compiled.plans, 1)
  }
  backends.cuda.convAlgorithm = 'auto'
  t.end()
})

t.test('half precision is folded too', { skip }, (t) => {
  const weight = images(6, 4, 3, 3).to('float16')
  const [mean, variance] = [randn([6], { device: 'cuda' }), ones([6], { device: 'cuda' })]
  const block = (x: Tensor): Tensor => relu(batchNorm(conv2d(x, weight), mean, variance))
  const compiled = compile(block)
  for (let i = 0; i < 3; i++) {
    const x = images(2, 4, 6, 6).to('float16')
    const [got, want] = [compiled(x).dataSync(), noGrad(() => block(x)).dataSync()]
    t.ok(want.every((value, i) => Math.abs(got[i]! - value) < 0.05))
  }
  t.end()
})
