import sharp from 'sharp'
import t from 'tap'
import { data, rand, randn, tensor, type Tensor, visualize } from 'convcore'

const sizeOf = ({ width, height }: visualize.Picture): number[] => [width, height]

t.test('L4.6: twenty samples of a data set, with the names of their classes', async (t) => {
  const set = data.digits({ count: 30 })
  const picture = await visualize.showGrid(set, { scale: 1 })
  t.same(sizeOf(picture), [5 * 32 + 4, 4 * (28 + 20 + 4) + 4])
  const svg = await picture.svg()
  const words = [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, word]) => word)
  t.same(words, [...set.labels.dataSync()].slice(0, 20).map(String))
  const { format, width, height } = await sharp(Buffer.from(svg)).metadata()
  t.same([format, width, height], ['svg', picture.width, picture.height])
  const png = await sharp(Buffer.from(await picture.png())).metadata()
  t.same([png.width, png.height], sizeOf(picture))
})

t.test('predictions are green where they are right, else red with the label', async (t) => {
  const logits = tensor([[0, 1], [1, 0], [0, 1]]) // prettier-ignore
  const picture = await visualize.showGrid(rand([3, 1, 8, 8]), {
    labels: tensor(Int32Array.of(1, 1, 0)),
    predictions: logits,
    classes: ['<cat>', 'dog & "co"'],
  })
  const svg = await picture.svg()
  const words = [...svg.matchAll(/fill="(#\w+)">([^<]*)<\/text>/g)].map(([, color, word]) => [color, word])
  t.same(words, [
    ['#1a7f37', 'dog &amp; &quot;co&quot;'],
    ['#cf222e', '&lt;cat&gt; (dog &amp; &quot;co&quot;)'],
    ['#cf222e', 'dog &amp; &quot;co&quot; (&lt;cat&gt;)'],
  ])
  t.match(picture.text(), /\ndog & "co" {2}✗ <cat> \(dog & "co"\) {2}✗ dog & "co" \(<cat>\)\n$/)
})

t.test('without labels it is a grid and no more', async (t) => {
  t.same(sizeOf(await visualize.showGrid(rand([7, 3, 8, 8]), { nrow: 4, padding: 1, scale: 2 })), [2 * 37, 2 * 19])
  t.same(sizeOf(await visualize.showGrid([rand([1, 8, 8]), rand([1, 8, 8])], { scale: 1 })), [28, 16])
  t.same(sizeOf(await visualize.showGrid(rand([1, 1, 8, 8]), { scale: 1 })), [8, 8])
  t.same(sizeOf(await visualize.showGrid(rand([9, 1, 8, 8]), { scale: 1, count: 2 })), [28, 16])
})

t.test('pixels beyond 0 … 1 are brought there, others are left as they are', async (t) => {
  const wide = tensor([[[[-1, 3]]], [[[1, 1]]]]) // prettier-ignore
  const text = async (x: Tensor, options = {}) => (await visualize.showGrid(x, { padding: 0, ...options })).text()
  t.equal(await text(wide), ' @++\n')
  t.equal(await text(wide, { normalize: false }), ' @@@\n')
  t.equal(await text(tensor([[[[0, 0.5]]], [[[0.25, 0]]]])), ' +:\n') // prettier-ignore
  t.equal(await text(tensor(Uint8Array.of(0, 255, 128, 0), { shape: [2, 1, 1, 2] })), ' @+\n')
})

t.test('data sets may load later, and have numbers as labels', async (t) => {
  const set = { length: 3, get: (i: number) => Promise.resolve([rand([1, 4, 4]), i * 2] as const) }
  const svg = await (await visualize.showGrid(set)).svg()
  t.same([...svg.matchAll(/>(\d)<\/text>/g)].map(([, word]) => word), ['0', '2', '4']) // prettier-ignore
})

t.test('misuse is explained', async (t) => {
  const images = rand([2, 1, 4, 4])
  const fails = (given: unknown, options: object, name: string, message: RegExp) =>
    t.rejects(visualize.showGrid(given as Tensor, options), { name, message })
  await fails(images, { labels: [1] }, 'RangeError', /labels of 2 images, got 1/)
  await fails(images, { labels: [0, 5], classes: ['a'] }, 'RangeError', /the name of class 5, got 1 names/)
  await fails(images, { predictions: randn([2, 1, 4]) }, 'ShapeError', /predictions \[N\] or \[N, K\], got \[2, 1, 4\]/)
  await fails(images, { count: 0 }, 'RangeError', /count/)
  await fails(images, { nrow: 0 }, 'RangeError', /nrow/)
  await fails(images, { scale: 0.5 }, 'RangeError', /scale/)
  await fails('images', {}, 'TypeError', /images to be a Tensor, got "images"/)
  await fails(rand([2, 4]).reshape([2, 2, 1, 2]), {}, 'ShapeError', /\[1 or 3, H, W\]/)
})
