import t from 'tap'
import { conv2d, Generator, manualSeed, nn, rand, randn, tensor, type Tensor, zeros } from 'convcore'

const image = (...shape: number[]): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
    { shape },
  )

t.test('Linear multiplies by the transposed weight and adds the bias', async (t) => {
  const fc = new nn.Linear(2, 3)
  fc.weight.copy_([1, 2, 3, 4, 5, 6])
  fc.bias?.copy_([10, 20, 30])
  t.same([...(await fc(tensor([[1, 1]])).data())], [13, 27, 41])
  t.equal(new nn.Linear(2, 3, { bias: false }).bias, undefined)
})

t.test('Conv2d gives the output sizes of its options', async (t) => {
  const shape = (options?: nn.Conv2dOptions, kernel: nn.Pair = 3) =>
    new nn.Conv2d(4, 6, kernel, options)(image(1, 4, 9, 9)).shape
  t.same(shape(), [1, 6, 7, 7])
  t.same(shape({ padding: 'same', stride: 2 }), [1, 6, 5, 5])
  t.same(shape({ padding: [0, 1], stride: [2, 1] }), [1, 6, 4, 9])
  t.same(shape({ dilation: 2, groups: 2, bias: false }), [1, 6, 5, 5])
  t.same(shape({ padding: 'valid' }, [1, 2]), [1, 6, 9, 8])
})

t.test('Conv2d of float64 computes in float64', async (t) => {
  const conv = new nn.Conv2d(1, 1, 1, { dtype: 'float64' })
  t.equal(conv(zeros([1, 1, 2, 2], { dtype: 'float64' })).dtype, 'float64')
})

t.test('Conv1d and Conv3d give the output sizes of their options', (t) => {
  const options = { stride: 2, padding: 1, groups: 2 }
  t.same(new nn.Conv1d(4, 6, 3, options)(zeros([2, 4, 9])).shape, [2, 6, 5])
  t.same(new nn.Conv1d(4, 6, [2], { padding: 'same', dilation: 3 })(zeros([2, 4, 9])).shape, [2, 6, 9])
  t.same(new nn.Conv3d(4, 6, 3, options)(zeros([2, 4, 5, 6, 7])).shape, [2, 6, 3, 3, 4])
  t.same(
    new nn.Conv3d(4, 6, [1, 2, 3], { padding: 'valid', bias: false })(zeros([1, 4, 5, 6, 7])).shape,
    [1, 6, 5, 5, 5],
  )
  t.end()
})

t.test('transposed convolutions undo the sizes of convolutions, and hold weights of [in, out / groups, …]', (t) => {
  const options = { stride: 2, padding: 1, outputPadding: 1, groups: 2 }
  const layers: [nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d, number[], number[]][] = [
    [new nn.ConvTranspose1d(4, 6, 3, options), [2, 4, 5], [2, 6, 10]],
    [new nn.ConvTranspose2d(4, 6, 3, options), [2, 4, 5, 4], [2, 6, 10, 8]],
    [new nn.ConvTranspose3d(4, 6, 3, options), [2, 4, 2, 3, 4], [2, 6, 4, 6, 8]],
  ]
  for (const [layer, from, to] of layers) {
    t.same(layer(zeros(from)).shape, to)
    t.same(layer.weight.shape, [4, 3, ...from.slice(2).map(() => 3)])
    t.same(
      [...layer.namedParameters()].map(([name]) => name),
      ['weight', 'bias'],
    )
    const bound = 1 / Math.sqrt(3 * 3 ** (from.length - 2))
    t.ok(
      layer.weight.dataSync().every((w) => Math.abs(w) <= bound),
      'first values of PyTorch’s range',
    )
  }
  t.end()
})

t.test('SeparableConv2d convolves channels by themselves, then mixes them', (t) => {
  const layer = new nn.SeparableConv2d(3, 8, 3, { padding: 'same', depthMultiplier: 2 })
  t.same(
    Object.entries(layer.stateDict()).map(([name, { shape }]) => [name, shape]),
    [
      ['depthwise.weight', [6, 1, 3, 3]],
      ['pointwise.weight', [8, 6, 1, 1]],
      ['pointwise.bias', [8]],
    ],
  )
  const x = rand([2, 3, 5, 6])
  t.same(layer(x).shape, [2, 8, 5, 6])
  const { depthwise, pointwise } = layer
  const middle = conv2d(x, depthwise.weight, undefined, { padding: 'same', groups: 3 })
  t.same(layer(x).dataSync(), conv2d(middle, pointwise.weight, pointwise.bias).dataSync())
  t.equal(new nn.SeparableConv2d(3, 8, 3, { bias: false }).pointwise.bias, undefined)
  t.end()
})

t.test('pooling takes the largest element or the mean', async (t) => {
  const x = image(1, 1, 3, 3)
  t.same([...(await new nn.MaxPool2d(2)(x).data())], [4])
  t.same([...(await new nn.MaxPool2d(2, { ceilMode: true })(x).data())], [4, 5, 7, 8])
  t.same([...(await new nn.MaxPool2d(2, { stride: 1, padding: 'same' })(x).data())], [4, 5, 5, 7, 8, 8, 7, 8, 8])
  t.same([...(await new nn.AvgPool2d(2, { stride: 1 })(x).data())], [2, 3, 5, 6])
  t.same([...(await new nn.AvgPool2d([1, 3])(x).data())], [1, 4, 7])
})

t.test('Flatten keeps the batch', async (t) => {
  t.same(new nn.Flatten()(image(2, 3, 4)).shape, [2, 12])
  t.same(new nn.Flatten(0, 1)(image(2, 3, 4)).shape, [6, 4])
})

t.test('activations apply their functions', async (t) => {
  const x = tensor([[-1, 0, 1]])
  const values = async (layer: nn.Layer) => Array.from(await layer(x).data(), (value) => +value.toFixed(4))
  t.same(await values(new nn.ReLU()), [0, 0, 1])
  t.same(await values(new nn.Sigmoid()), [0.2689, 0.5, 0.7311])
  t.same(await values(new nn.Tanh()), [-0.7616, 0, 0.7616])
  t.same(await values(new nn.Softmax()), [0.09, 0.2447, 0.6652])
  t.same(await values(new nn.LogSoftmax(1)), [-2.4076, -1.4076, -0.4076])
})

t.test('Dropout drops in training and passes in evaluation', async (t) => {
  const drop = new nn.Dropout(0.25, { generator: new Generator(5) })
  const x = tensor(new Float32Array(4000).fill(3))
  const kept = Array.from(await drop(x).data()).filter((value) => value !== 0)
  t.ok(Math.abs(kept.length - 3000) < 120, `${kept.length} of 4000 kept`)
  t.ok(kept.every((value) => value === 4))
  t.same(await drop.eval()(x).data(), await x.data())
})

t.test('losses reduce as asked', async (t) => {
  const logits = tensor([
    [0, 0],
    [0, 0],
  ])
  const labels = tensor(Int32Array.of(0, 1))
  t.ok(Math.abs((await new nn.CrossEntropyLoss()(logits, labels).item()) - Math.log(2)) < 1e-6)
  t.ok(Math.abs((await new nn.CrossEntropyLoss({ reduction: 'sum' })(logits, labels).item()) - 2 * Math.log(2)) < 1e-6)
  t.equal(await new nn.MSELoss()(tensor([1, 3]), tensor([0, 0])).item(), 5)
  t.equal(await new nn.BCELoss()(tensor([0, 0]), tensor([1, 1])).item(), 100)
  t.same(new nn.MSELoss({ reduction: 'none' })(tensor([1, 3]), tensor([0, 0])).shape, [2])
})

t.test('Sequential runs its layers in order and gives them by index', async (t) => {
  const [pool, flatten] = [new nn.AvgPool2d(2), new nn.Flatten()]
  const net = new nn.Sequential(pool, flatten)
  t.same([...(await net(image(1, 1, 2, 4)).data())], [2.5, 4.5])
  t.equal(net.size, 2)
  t.equal(net.at(0), pool)
  t.equal(net.at(-1), flatten)
  t.equal(net.at(2), undefined)
  const shared = new nn.Sequential({ first: pool, again: pool })
  t.same(shared(image(1, 1, 4, 4)).shape, [1, 1, 1, 1])
  t.same(new nn.Sequential()(image(2)).shape, [2])
  t.equal(new nn.Sequential([]).size, 0)
  t.equal(new nn.Sequential(pool, flatten).toString(), net.toString())
  t.equal(new nn.Sequential(pool).at(0), pool)
})

t.test('wrong arguments are refused with the layer, what it wants and what it got', async (t) => {
  const refuses = (make: () => unknown, message: string) => t.throws(make, { name: 'RangeError', message })
  refuses(() => new nn.Conv2d(-1, 2, 3), 'Conv2d: expected inChannels to be a positive integer, got -1')
  refuses(() => new nn.Conv2d(1, 2.5, 3), 'Conv2d: expected outChannels to be a positive integer, got 2.5')
  refuses(() => new nn.Conv2d(1, 2, 0), 'Conv2d: expected kernelSize to be a positive integer or a pair of them, got 0')
  refuses(
    () => new nn.Conv2d(1, 2, [3] as never),
    'Conv2d: expected kernelSize to be a positive integer or a pair of them, got [3]',
  )
  refuses(
    () => new nn.Conv2d(1, 2, 3, { padding: -1 }),
    'Conv2d: expected padding to be a non-negative integer or a pair of them, got -1',
  )
  refuses(
    () => new nn.Conv2d(1, 2, 3, { padding: 'full' as 'same' }),
    "Conv2d: expected padding to be an integer, a pair, 'same' or 'valid', got \"full\"",
  )
  refuses(
    () => new nn.Conv2d(3, 4, 1, { groups: 2 }),
    'Conv2d: expected inChannels and outChannels to be multiples of groups = 2, got 3 and 4',
  )
  refuses(
    () => new nn.Conv1d(1, 2, 3, { stride: [1, 1] as never }),
    'Conv1d: expected stride to be a positive integer, got [1, 1]',
  )
  refuses(
    () => new nn.Conv3d(1, 2, [3, 3] as never),
    'Conv3d: expected kernelSize to be a positive integer or three of them, got [3, 3]',
  )
  refuses(
    () => new nn.ConvTranspose2d(1, 2, 3, { padding: 'same' as never }),
    'ConvTranspose2d: expected padding to be a non-negative integer or a pair of them, got "same"',
  )
  refuses(
    () => new nn.ConvTranspose2d(2, 3, 3, { groups: 2 }),
    'ConvTranspose2d: expected inChannels and outChannels to be multiples of groups = 2, got 2 and 3',
  )
  refuses(() => new nn.SeparableConv2d(0, 3, 3), 'SeparableConv2d: expected inChannels to be a positive integer, got 0')
  refuses(() => new nn.Linear(0, 1), 'Linear: expected inFeatures to be a positive integer, got 0')
  refuses(() => new nn.Linear('2' as never, 1), 'Linear: expected inFeatures to be a positive integer, got "2"')
  refuses(
    () => new nn.MaxPool2d(2, { stride: 0 }),
    'MaxPool2d: expected stride to be a positive integer or a pair of them, got 0',
  )
  refuses(
    () => new nn.AvgPool2d(NaN),
    'AvgPool2d: expected kernelSize to be a positive integer or a pair of them, got NaN',
  )
  refuses(() => new nn.Dropout(1.5), 'Dropout: expected p to be between 0 and 1, got 1.5')
  refuses(
    () => new nn.MSELoss({ reduction: 'avg' as 'mean' }),
    'MSELoss: expected reduction to be one of mean, sum, none, got "avg"',
  )
  refuses(
    () => new nn.Sequential({ train: new nn.ReLU() }),
    "Sequential: expected a free layer name without a dot, got 'train'",
  )
  t.throws(() => new nn.Sequential([new nn.ReLU(), 'relu' as never]), {
    name: 'TypeError',
    message: 'Sequential: expected layer \'1\' to be a module, got "relu"',
  })
  t.throws(() => new nn.Linear(1, 1, { dtype: 'int32' }), { name: 'DTypeError', message: /got "int32"/ })
})

t.test('in a sequence, a ReLU before max pooling and one after batch norm cost no pass of their own', (t) => {
  const layers = () => [
    new nn.BatchNorm2d(3),
    new nn.ReLU(),
    new nn.Conv2d(3, 4, 3),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
  ]
  const [together, apart] = [1, 2].map(() => {
    manualSeed(4)
    return layers()
  }) as [nn.Layer[], nn.Layer[]]
  const x = randn([2, 3, 9, 8], { generator: new Generator(5) })
  const results = [new nn.Sequential(together), (image: Tensor) => apart.reduce((y, layer) => layer(y), image)].map(
    (f) => {
      const input = x.detach()
      input.requiresGrad = true
      const y = f(input)
      y.square().sum().backward()
      return [y, input.grad!]
    },
  )
  for (const [i, want] of results[1]!.entries()) t.same([...results[0]![i]!.dataSync()], [...want.dataSync()])
  const seen: string[] = []
  for (const layer of together) layer.registerForwardHook(() => void seen.push(layer.constructor.name))
  new nn.Sequential(together)(x)
  t.same(seen, ['BatchNorm2d', 'ReLU', 'Conv2d', 'ReLU', 'MaxPool2d'], 'hooks see each call')
  t.end()
})
