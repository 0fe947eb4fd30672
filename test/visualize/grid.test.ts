import { randn, rand, sub, tensor, type Tensor, visualize, zeros } from 'convcore'
import t from 'tap'
import { fixture } from '../fixture.js'

interface Case {
  shape: number[]
  options: Record<string, unknown>
  images: number[]
  gridShape: number[]
  grid: number[]
  bytes: number[]
}
const fixtures = await fixture<{ cases: Record<string, Case>; constant: { grid: number[] } }>('visualize')

/** pad_value → padValue */
const camel = (options: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  )
const distance = (a: Tensor, b: Tensor): number => sub(a, b).abs().max().itemSync()

for (const [name, { shape, options, images, gridShape, grid, bytes }] of Object.entries(fixtures.cases))
  t.test(`makeGrid is torchvision's, pixel for pixel: ${name}`, async (t) => {
    const made = visualize.makeGrid(tensor(Float32Array.from(images), { shape }), camel(options))
    t.same(made.shape, gridShape)
    t.ok(distance(made, tensor(Float32Array.from(grid), { shape: gridShape })) < 1e-5)
    if (gridShape[0] !== 3) return
    const { pixels } = await visualize.image(made, { scale: 1 })
    const [, h, w] = gridShape as [number, number, number]
    const interleaved = Array.from({ length: 3 * h * w }, (_, i) => bytes[(i % 3) * h * w + Math.floor(i / 3)]!)
    // A value that lies between two bytes may be rounded to either.
    t.ok(interleaved.every((byte, i) => Math.abs(byte - pixels.rgb[i]!) <= 1))
    t.ok(interleaved.filter((byte, i) => byte !== pixels.rgb[i]).length <= 1)
  })

t.test('makeGrid of equal values divides by no zero', (t) => {
  const made = visualize.makeGrid(tensor([[[[3]]], [[[3]]]]), { normalize: true, padding: 0 })
  t.same([...made.dataSync()], fixtures.constant.grid)
  t.end()
})

t.test('makeGrid takes arrays of images, with channels or without', (t) => {
  const images = [rand([3, 4, 5]), rand([3, 4, 5])]
  t.same(visualize.makeGrid(images).shape, [3, 8, 16])
  t.same(visualize.makeGrid([rand([4, 5]), rand([4, 5]), rand([4, 5])], { nrow: 2, padding: 0 }).shape, [3, 8, 10])
  t.end()
})

t.test('makeGrid keeps bytes, and normalises them as floats', (t) => {
  const bytes = tensor(Uint8Array.of(10, 20, 30, 40), { shape: [2, 1, 1, 2] })
  const grid = visualize.makeGrid(bytes, { padding: 1, padValue: 255 })
  t.equal(grid.dtype, 'uint8')
  t.same([...grid.dataSync()].slice(0, 21), [255, 255, 255, 255, 255, 255, 255, 255, 10, 20, 255, 30, 40, 255, 255, 255, 255, 255, 255, 255, 255]) // prettier-ignore
  t.equal(visualize.makeGrid(bytes, { normalize: true }).dtype, 'float32')
  t.end()
})

t.test('makeGrid explains misuse', (t) => {
  const make = (images: unknown, options?: unknown) => () => visualize.makeGrid(images as Tensor, options as never)
  t.throws(make(rand([2, 2, 2, 2, 2])), { name: 'ShapeError', message: /images \[N, C, H, W\], got \[2, 2, 2, 2, 2\]/ })
  t.throws(make(zeros([0, 1, 2, 2])), { name: 'ShapeError' })
  t.throws(make([]), { name: 'ShapeError', message: /at least one image, got none/ })
  t.throws(make([rand([1, 2, 2]), 3]), { name: 'TypeError', message: /images\[1\] to be a Tensor, got 3/ })
  t.throws(make('cat.png'), { name: 'TypeError', message: /images to be a Tensor, got "cat.png"/ })
  t.throws(make([rand([1, 2, 2]), rand([1, 2, 3])]), { name: 'ShapeError' })
  t.throws(make(randn([2, 1, 2, 2]), { nrow: 0 }), { name: 'RangeError', message: /nrow to be a positive integer/ })
  t.throws(make(randn([2, 1, 2, 2]), { padding: -1 }), { name: 'RangeError', message: /padding/ })
  t.throws(make(randn([2, 1, 2, 2]), { valueRange: [1, 0] }), {
    name: 'RangeError',
    message: /valueRange to be \[least, greatest\], got \[1, 0\]/,
  })
  t.end()
})
