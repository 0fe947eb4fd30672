import { manualSeed, memory, nn, noGrad, rand, sub, tensor, type Tensor, visualize } from 'convcore'
import t from 'tap'

/** One filter per channel of 1×1, then the mean of each map, then weights. */
class Tiny extends nn.Module {
  conv = new nn.Conv2d(1, 2, 1, { bias: false })
  fc = new nn.Linear(8, 2, { bias: false })

  constructor() {
    super()
    this.conv.weight.detach().copy_([1, -2])
    // Class 0 looks at the first map with weights that add up to 4, at the second with −1; class 1 the other way round.
    this.fc.weight.detach().copy_([1, 1, 1, 1, -0.25, -0.25, -0.25, -0.25, -1, -1, -1, -1, 0.5, 0.5, 0.5, 0.5])
  }

  forward(x: Tensor): Tensor {
    return this.fc(this.conv(x).flatten(1))
  }
}

const image = () => tensor([[[[1, 2], [-3, 4]]]]) // prettier-ignore
const rounded = (x: Tensor): number[] => Array.from(x.dataSync(), (v) => +v.toFixed(4))

t.test('Grad-CAM by hand: maps weighted by the mean gradients of the class, without what is negative', (t) => {
  const model = new Tiny()
  const raw = { normalize: false, resize: false } as const
  // Class 0: mean gradients 1 and −0.25; 1·x − 0.25·(−2·x) = 1.5·x. Class 1: −1 and 0.5; −x − x = −2·x.
  t.same(rounded(visualize.gradCam(model, 'conv', image(), { ...raw, classes: 0 })), [1.5, 3, 0, 6])
  t.same(rounded(visualize.gradCam(model, model.conv, image(), { ...raw, classes: [1] })), [0, 0, 6, 0])
  t.same(rounded(visualize.gradCam(model, 'conv', image(), { classes: 0 })), [0.25, 0.5, 0, 1])
  // The logits are 1.5·4 and −2·4: the model's own answer is class 0.
  t.same(rounded(visualize.gradCam(model, 'conv', image(), raw)), [1.5, 3, 0, 6])
  t.end()
})

t.test('a map of nothing stays 0, and each image of a batch has a map of its own', (t) => {
  const model = new Tiny()
  const batch = tensor([[[[1, 2], [3, 4]]], [[[-1, -2], [-4, -8]]]]) // prettier-ignore
  const maps = visualize.gradCam(model, 'conv', batch, { classes: 0 })
  t.same(maps.shape, [2, 2, 2])
  t.same(rounded(maps), [0.25, 0.5, 0.75, 1, 0, 0, 0, 0])
  t.end()
})

const deep = () =>
  new nn.Sequential(
    new nn.Conv2d(3, 4, 3, { padding: 1 }),
    new nn.BatchNorm2d(4),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(4, 8, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.AdaptiveAvgPool2d(1),
    new nn.Flatten(),
    new nn.Dropout(0.5),
    new nn.Linear(8, 5),
  )

t.test('any layer that gives maps will do; maps are brought to the size of the image', (t) => {
  manualSeed(3)
  const model = deep()
  const x = rand([2, 3, 12, 10])
  for (const layer of ['0', '1', '2', '3', '4', '5']) {
    const maps = visualize.gradCam(model, layer, x)
    t.same(maps.shape, [2, 12, 10])
    const values = maps.dataSync()
    t.ok(values.every((v) => v >= 0 && v <= 1))
  }
  t.same(visualize.gradCam(model, '4', x, { resize: false }).shape, [2, 6, 5])
  t.end()
})

t.test(
  'it works for frozen models, without gradients switched on, and touches no gradient, mode or statistics',
  (t) => {
    manualSeed(3)
    const model = deep()
    const x = rand([1, 3, 8, 8])
    const before = visualize.gradCam(model, '5', x)
    model.freeze()
    const frozen = noGrad(() => visualize.gradCam(model, '5', x))
    t.equal(sub(before, frozen).abs().max().itemSync(), 0)
    t.ok([...model.parameters()].every(({ grad }) => grad === undefined))
    t.ok([...model.modules()].every(({ training }) => training))
    t.equal((model.at(1) as nn.BatchNorm2d).numBatchesTracked!.itemSync(), 0)
    t.notOk(x.requiresGrad)
    const { tensors } = memory()
    visualize.gradCam(model, '5', x).dispose()
    t.equal(memory().tensors, tensors, 'and leaves no tensors behind')
    t.end()
  },
)

t.test('a heat map lies over its image', async (t) => {
  const heat = tensor([[0, 1], [0.5, NaN]]) // prettier-ignore
  const alone = await visualize.heatmap(heat, { scale: 1 })
  t.same([...alone.pixels.rgb], [0, 0, 128, 128, 0, 0, 128, 224, 128, 0, 0, 128])
  const over = await visualize.heatmap(heat, { over: tensor([[1, 1], [0, 0]]), alpha: 0.25 }) // prettier-ignore
  t.same([...over.pixels.rgb].slice(0, 6), [191, 191, 223, 223, 191, 191])
  await t.rejects(visualize.heatmap(heat, { over: rand([3, 3, 3]) }), {
    name: 'ShapeError',
    message: /an image of \[2, 2\], got \[3, 3, 3\]/,
  })
  await t.rejects(visualize.heatmap(rand([1, 2, 2])), { name: 'ShapeError' })
  await t.rejects(visualize.heatmap(heat, { alpha: 2 }), { name: 'RangeError' })
})

t.test('gradCam explains misuse', (t) => {
  const model = deep()
  const x = rand([2, 3, 8, 8])
  const fails = (call: () => unknown, name: string, message: RegExp) => t.throws(call, { name, message })
  fails(() => visualize.gradCam(model, '9', x), 'ShapeError', /'9' to give \[N, C, H, W\], got \[2, 5\]/)
  fails(() => visualize.gradCam(model, 'nine', x), 'RangeError', /'nine' to lead to a module/)
  fails(() => visualize.gradCam(model, '0', x, { classes: 5 }), 'RangeError', /classes from 0 to 4, one or 2, got 5/)
  fails(() => visualize.gradCam(model, '0', x, { classes: [1] }), 'RangeError', /one or 2, got \[1\]/)
  fails(() => visualize.gradCam(model, '0', rand([3, 8, 8])), 'ShapeError', /input \[N, C, H, W\], got \[3, 8, 8\]/)
  fails(() => visualize.gradCam(model, '0', x.to('uint8')), 'DTypeError', /float dtype, got uint8/)
  const maps = new nn.Sequential(new nn.Conv2d(3, 2, 3))
  fails(() => visualize.gradCam(maps, '0', x), 'ShapeError', /logits \[2, K\], got \[2, 2, 6, 6\]/)
  t.end()
})
