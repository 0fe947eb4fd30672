import { maxPool2dWithIndices, nn, type Tensor, tensor } from 'convcore'
import t from 'tap'

const counted = (...shape: number[]): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
    { shape },
  )
const values = (x: Tensor): number[] => [...x.dataSync()]

t.test('pooling of signals and volumes', async (t) => {
  t.same(values(new nn.MaxPool1d(2)(counted(1, 1, 5))), [1, 3])
  t.same(values(new nn.AvgPool1d(2, { ceilMode: true })(counted(1, 1, 5))), [0.5, 2.5, 4])
  t.same(values(new nn.MaxPool3d(2)(counted(1, 1, 2, 2, 4))), [13, 15])
  t.same(values(new nn.AvgPool3d([2, 1, 1])(counted(1, 1, 2, 1, 2))), [1, 2])
  t.same(values(new nn.AvgPool2d(2, { divisorOverride: 2 })(counted(1, 1, 2, 2))), [3])
})

t.test('adaptive pooling gives the size asked for', async (t) => {
  const x = counted(2, 3, 4, 6)
  t.same(new nn.AdaptiveAvgPool2d([null, 3])(x).shape, [2, 3, 4, 3])
  t.same(new nn.AdaptiveMaxPool2d(5)(x).shape, [2, 3, 5, 5])
  t.same(values(new nn.AdaptiveAvgPool2d(1)(x)), [11.5, 35.5, 59.5, 83.5, 107.5, 131.5])
  t.same(values(new nn.AdaptiveMaxPool1d(2)(counted(1, 1, 5))), [2, 4])
  t.same(values(new nn.AdaptiveAvgPool1d(2)(counted(1, 1, 5))), [1, 3])
  t.same(new nn.AdaptiveAvgPool3d(2)(counted(1, 1, 3, 4, 5)).shape, [1, 1, 2, 2, 2])
  t.same(new nn.AdaptiveMaxPool3d([1, null, 2])(counted(1, 1, 3, 4, 5)).shape, [1, 1, 1, 4, 2])
})

t.test('unpooling puts values back to where they were', async (t) => {
  const { values: largest, indices } = maxPool2dWithIndices(counted(1, 1, 4, 4), 2)
  const unpool = new nn.MaxUnpool2d(2)
  t.same(values(unpool(largest, indices)), [0, 0, 0, 0, 0, 5, 0, 7, 0, 0, 0, 0, 0, 13, 0, 15])
  t.same(unpool(largest, indices, [5, 4]).shape, [1, 1, 5, 4])
  const at = tensor(Int32Array.of(1, 2), { shape: [1, 1, 2] })
  t.same(values(new nn.MaxUnpool1d(2)(tensor([[[7, 8]]]), at)), [0, 7, 8, 0])
  t.same(new nn.MaxUnpool3d(2)(tensor([[[[[1]]]]]), tensor(Int32Array.of(7), { shape: [1, 1, 1, 1, 1] })).shape, [1, 1, 2, 2, 2]) // prettier-ignore
})

t.test('weighted average pooling keeps its weights in the state, and trains none', async (t) => {
  const pool = new nn.WeightedAvgPool2d([[2, 1], [1, 1]]) // prettier-ignore
  t.same(values(pool(tensor([[[[5, 1], [1, 1]]]]))), [2.5999999046325684]) // prettier-ignore
  t.same(Object.keys(pool.stateDict()), ['weight'])
  t.same([...pool.parameters()], [])
  t.equal(pool.toString(), 'WeightedAvgPool2d(kernel_size=(2, 2), stride=(2, 2), padding=0)')
  t.throws(() => new nn.WeightedAvgPool2d(counted(2)), { name: 'ShapeError', message: /weights of shape \[R, S\]/ })
})

t.test('Upsample repeats cells or draws lines between them', async (t) => {
  const x = counted(1, 1, 1, 2)
  t.same(values(new nn.Upsample({ scaleFactor: 2 })(x)), [0, 0, 1, 1, 0, 0, 1, 1])
  t.same(values(new nn.Upsample({ size: [1, 4], mode: 'bilinear' })(x)), [0, 0.25, 0.75, 1])
  t.same(values(new nn.Upsample({ size: [1, 3], mode: 'bilinear', alignCorners: true })(x)), [0, 0.5, 1])
})

t.test('sizes that cannot be are refused with the layer, what it wants and what it got', async (t) => {
  const refuses = (make: () => unknown, message: string) => t.throws(make, { name: 'RangeError', message })
  refuses(() => new nn.MaxPool1d(0), 'MaxPool1d: expected kernelSize to be a positive integer, got 0')
  refuses(
    () => new nn.MaxPool3d([1, 2] as never),
    'MaxPool3d: expected kernelSize to be a positive integer or three of them, got [1, 2]',
  )
  refuses(
    () => new nn.AvgPool3d(2, { padding: 'full' as 'same' }),
    "AvgPool3d: expected padding to be an integer, three, 'same' or 'valid', got \"full\"",
  )
  refuses(
    () => new nn.AvgPool2d(2, { divisorOverride: 0 }),
    'AvgPool2d: expected divisorOverride to be a positive integer, got 0',
  )
  refuses(
    () => new nn.AdaptiveAvgPool2d([1, 0]),
    'AdaptiveAvgPool2d: expected outputSize to be a positive integer or a pair of them, got [1, 0]',
  )
  refuses(
    () => new nn.MaxUnpool2d(2, { padding: -1 }),
    'MaxUnpool2d: expected padding to be a non-negative integer or a pair of them, got -1',
  )
})
