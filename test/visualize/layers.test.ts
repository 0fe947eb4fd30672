import { conv2d, manualSeed, memory, nn, rand, randn, ShapeError, sub, tensor, type Tensor, visualize } from 'convcore'
import t from 'tap'
import { settle } from '../garbage.js'

const makeNet = () =>
  new nn.Sequential({
    features: new nn.Sequential(new nn.Conv2d(1, 6, 3), new nn.ReLU(), new nn.MaxPool2d(2)),
    flatten: new nn.Flatten(),
    drop: new nn.Dropout(0.5),
    head: new nn.Linear(6 * 9, 4),
  })
const distance = (a: Tensor, b: Tensor): number => sub(a, b).abs().max().itemSync()
const sizeOf = ({ width, height }: visualize.Picture): number[] => [width, height]

t.test('L1.12: first-layer filters are a grid of colours: 96 of 11×11', async (t) => {
  const conv = new nn.Conv2d(3, 96, 11, { stride: 4 })
  const picture = await visualize.filters(conv, { scale: 2 })
  t.same(sizeOf(picture), [2 * (10 * 12 + 1), 2 * (10 * 12 + 1)])
  t.same(sizeOf(await visualize.filters(conv.weight, { scale: 1, nrow: 12, padding: 2 })), [12 * 13 + 2, 8 * 13 + 2])
})

t.test('filters of many channels are a row each, or one channel of each is shown', async (t) => {
  const conv = new nn.Conv2d(5, 3, 2)
  t.same(sizeOf(await visualize.filters(conv, { scale: 1 })), [5 * 3 + 1, 3 * 3 + 1])
  t.same(sizeOf(await visualize.filters(conv, { scale: 1, channel: 4 })), [2 * 3 + 1, 2 * 3 + 1])
})

t.test('each filter goes from black to white unless told otherwise', async (t) => {
  const weight = tensor([[[[0, 1], [2, 4]]], [[[0, 10], [20, 40]]]]) // prettier-ignore
  const text = (picture: visualize.Picture) => picture.text()
  const each = await visualize.filters(weight, { padding: 0 })
  const [left, right] = [text(each).slice(0, 2), text(each).slice(2, 4)]
  t.equal(left, right)
  t.not(text(await visualize.filters(weight, { padding: 0, scaleEach: false })).slice(0, 2), right)
})

t.test('filters explains misuse', async (t) => {
  await t.rejects(visualize.filters(new nn.Linear(2, 3)), {
    name: 'ShapeError',
    message: /\[K, C, R, S\], got \[3, 2\]/,
  })
  await t.rejects(visualize.filters(new nn.ReLU()), {
    name: 'TypeError',
    message: /a convolution or its weight, got an instance of ReLU|a function/,
  })
  await t.rejects(visualize.filters(new nn.Conv2d(2, 3, 3), { channel: 2 }), {
    name: 'RangeError',
    message: /a channel from 0 to 1, got 2/,
  })
})

t.test('L5.13: activations are what layers give in evaluation mode, in the order of their calls', (t) => {
  manualSeed(1)
  const net = makeNet()
  const x = rand([2, 1, 8, 8])
  const seen = visualize.activations(net, x)
  t.same(Object.keys(seen), ['features.0', 'features.1', 'features.2', 'flatten', 'drop', 'head'])
  const maps = conv2d(x, net.getParameter('features.0.weight'), net.getParameter('features.0.bias'))
  t.ok(distance(seen['features.0']!, maps) < 1e-6)
  t.ok(distance(seen['features.1']!, maps.relu()) < 1e-6)
  t.ok(distance(seen.drop!, seen.flatten!) === 0, 'dropout drops nothing')
  t.notOk(seen.head!.requiresGrad)
  t.ok(
    [...net.modules()].every(({ training }) => training),
    'afterwards the model trains as before',
  )
  const relu = net.getSubmodule('features.1')
  t.same(Object.keys(visualize.activations(net, x, ['head', relu])), ['features.1', 'head'])
  t.end()
})

t.test('L2.4, L4.12: feature maps are a tile for each channel', async (t) => {
  const conv = new nn.Conv2d(1, 5, 3, { stride: 2, padding: 'same' })
  const picture = await visualize.featureMaps(conv, '', rand([1, 1, 28, 28]), { nrow: 5, scale: 3 })
  t.same(sizeOf(picture), [3 * (5 * 15 + 1), 3 * (14 + 2)])
  const net = makeNet()
  t.same(sizeOf(await visualize.featureMaps(net, 'features.2', rand([2, 1, 8, 8]), { sample: 1, scale: 1 })), [13, 9])
})

t.test('featureMaps explains misuse', async (t) => {
  const net = makeNet()
  const x = rand([2, 1, 8, 8])
  const unused = new nn.Linear(2, 2)
  const fails = (layer: visualize.LayerLike, error: { name: string; message: RegExp }, options = {}) =>
    t.rejects(visualize.featureMaps(net, layer, x, options), error)
  await fails('features.7', { name: 'RangeError', message: /getSubmodule: expected 'features.7' to lead to a module/ })
  await fails(unused, {
    name: 'RangeError',
    message: /featureMaps: expected a layer of Sequential, got a Linear elsewhere/,
  })
  await fails(7 as never, { name: 'TypeError', message: /a layer or its path, got 7/ })
  await fails('head', { name: 'ShapeError', message: /'head' to give \[N, C, H, W\], got \[2, 4\]/ })
  await fails('features.0', { name: 'RangeError', message: /a sample from 0 to 1, got 2/ }, { sample: 2 })
  await t.rejects(visualize.featureMaps(net, 'head', 'x' as never), { name: 'TypeError' })
  await t.rejects(visualize.featureMaps({} as never, 'head', x), { name: 'TypeError', message: /expected a module/ })
  await t.rejects(visualize.featureMaps(net, 'features.0', rand([2, 3, 8, 8])), ShapeError)
  const maps = await visualize.featureMaps(net, 'features.0', x)
  t.ok(maps.width > 0, 'after failures hooks are gone, and the model works')
})

t.test('L5.6: histograms count all values, layer by layer', async (t) => {
  manualSeed(2)
  const net = new nn.Sequential(new nn.Linear(20, 50), new nn.Tanh(), new nn.Linear(50, 50), new nn.Tanh())
  const picture = await visualize.activationHistograms(net, randn([40, 20]), { layers: ['1', '3'], bins: 10 })
  const svg = await picture.svg()
  for (const word of ['>1<', '>3<', 'mean ', 'deviation ', 'value']) t.match(svg, word)
  t.same(sizeOf(picture), [960, 320])
  const bars = await visualize.histograms({ x: tensor([0, 0, 0, 1, 2, 3]) }, { bins: 3 })
  t.match(bars.text({ columns: 20 }), /^x\nmean 1.00, deviation 1.15\n3 ┤•/)
})

t.test('histograms of equal values, of values that are no numbers, and beyond a range', async (t) => {
  t.match((await visualize.histograms({ x: tensor([2, 2]) })).text(), /2 ┤/)
  t.match((await visualize.histograms({ x: tensor([NaN, NaN]) })).text(), /no points/)
  const some = await visualize.histograms({ x: tensor([-5, 0.5, 0.6, 5]) }, { range: [0, 1], bins: 1 })
  t.match(some.text(), /2 ┤/)
  await t.rejects(visualize.histograms({}), { name: 'RangeError', message: /at least one panel/ })
  await t.rejects(visualize.histograms({ x: 3 as never }), { name: 'TypeError', message: /'x' to be a tensor, got 3/ })
  await t.rejects(visualize.histograms({ x: tensor([1]) }, { range: [1, 1] }), { name: 'RangeError' })
})

t.test('pictures leave no tensors behind', async (t) => {
  const net = makeNet()
  const x = rand([2, 1, 8, 8])
  await settle()
  const { tensors } = memory()
  await visualize.filters(net.getSubmodule('features.0'))
  await visualize.featureMaps(net, 'features.0', x)
  await visualize.activationHistograms(net, x)
  await visualize.showGrid(x)
  t.equal(memory().tensors, tensors)
})
