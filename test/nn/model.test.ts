import t from 'tap'
import { manualSeed, memory, nn, randn, relu, tensor, type Tensor, zeros } from 'convcore'

const values = (x: Tensor) => [...x.dataSync()]

t.test('layers called on symbolic tensors give symbolic tensors of the shapes to come', (t) => {
  const x = nn.input([1, 28, 28])
  const h = new nn.Conv2d(1, 8, 3, { stride: 2, padding: 'same' })(x)
  const y: nn.SymbolicTensor = new nn.Flatten()(h)
  t.same([x.shape, h.shape, y.shape], [[-1, 1, 28, 28], [-1, 8, 14, 14], [-1, 1568]]) // prettier-ignore
  t.equal(String(h), 'SymbolicTensor(shape=[-1, 8, 14, 14], dtype=float32)')
  t.equal(nn.input([3], { dtype: 'float64' }).dtype, 'float64')
  t.end()
})

t.test('a model is a module with its layers under stable names', (t) => {
  const build = () => {
    const x = nn.input([4])
    let h = new nn.ReLU()(new nn.Linear(4, 3)(x))
    h = new nn.BatchNorm1d(3)(new nn.Linear(3, 3)(h))
    return new nn.Model(x, h)
  }
  const model = build()
  const names = ['linear.weight', 'linear.bias', 'linear_1.weight', 'linear_1.bias', 'batch_norm1d.weight']
  t.same(Object.keys(model.stateDict()).slice(0, 5), names)
  t.same(Object.keys(build().stateDict()), Object.keys(model.stateDict()))
  t.equal(
    String(model),
    `Model(
  (linear): Linear(in_features=4, out_features=3, bias=True)
  (relu): ReLU()
  (linear_1): Linear(in_features=3, out_features=3, bias=True)
  (batch_norm1d): BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
)`,
  )
  const other = build()
  other.loadStateDict(model.stateDict())
  const x = randn([2, 4])
  t.same(values(other.eval()(x)), values(model.eval()(x)))
  const layer: nn.Layer = model
  t.same(new nn.Sequential(layer, new nn.ReLU())(x).shape, [2, 3])
  t.end()
})

t.test('several inputs and outputs, shared and merging layers, names of one’s own', (t) => {
  const [a, b] = [nn.input([2]), nn.input([2])]
  const fc = new nn.Linear(2, 2)
  const [left, right] = [fc(a), fc(b)]
  const joined = new nn.Concatenate()(left, right)
  const sum = new nn.Add()(left, right, a)
  const model = new nn.Model([a, b], [joined, sum, new nn.Lambda(relu)(sum), new nn.Multiply()(left, right)], {
    layers: { shared: fc },
  })
  t.same(
    [...model.namedChildren()].map(([name]) => name),
    ['shared', 'concatenate', 'add', 'lambda', 'multiply'],
  )
  t.equal(model.countParameters(), 6)
  fc.weight.copy_([1, 0, 0, 1])
  fc.bias!.copy_([0, -10])
  const [x, y] = [tensor([[1, 2]]), tensor([[3, 4]])]
  const [j, s, r, p]: Tensor[] = model(x, y)
  t.same([j, s, r, p].map(values), [[1, -8, 3, -6], [5, -12], [5, 0], [3, 48]]) // prettier-ignore
  s.sum().backward()
  t.same(values(fc.bias!.grad!), [2, 2], 'both uses of the shared layer')
  // @ts-expect-error two inputs
  t.throws(() => model(x), { name: 'TypeError', message: 'Model: expected 2 inputs, got 1' })
  t.end()
})

t.test('a model is a layer of another, and may begin behind a layer', (t) => {
  const x = nn.input([4])
  const h = new nn.Linear(4, 3)(x)
  const y = new nn.Linear(3, 2)(new nn.Tanh()(h))
  const head = new nn.Model(h, y)
  t.same(Object.keys(head.stateDict()), ['linear.weight', 'linear.bias'])
  t.same(head(zeros([5, 3])).shape, [5, 2])
  const z = nn.input([3])
  const outer = new nn.Model(z, new nn.Softmax()(head(z)))
  t.same(Object.keys(outer.stateDict()), ['model.linear.weight', 'model.linear.bias'])
  t.same(outer(zeros([5, 3])).shape, [5, 2])
  t.end()
})

t.test('building draws nothing, changes nothing and keeps no tensors', (t) => {
  const layers = [new nn.Conv2d(1, 2, 3), new nn.BatchNorm2d(2), new nn.Dropout(0.5)]
  const before = memory().tensors
  manualSeed(3)
  let h = nn.input([1, 5, 5])
  for (const layer of layers) h = (layer as nn.Layer)(h)
  const drawn = values(randn([2]))
  manualSeed(3)
  t.same(values(randn([2])), drawn)
  t.ok(memory().tensors <= before + 4)
  t.equal((layers[1] as nn.BatchNorm2d).numBatchesTracked!.itemSync(), 0)
  t.ok(layers.every((layer) => layer.training))
  t.end()
})

t.test('summary knows the shapes', (t) => {
  const [a, b] = [nn.input([4]), nn.input([2])]
  const model = new nn.Model([a, b], new nn.Concatenate()(new nn.Linear(4, 3)(a), b))
  t.same(
    nn.summary(model).layers.map(({ name, outputShape, parameters }) => [name, outputShape, parameters]),
    [
      ['linear', [-1, 3], 15],
      ['concatenate', [-1, 5], 0],
    ],
  )
  t.same(nn.summary(model, [[4], [2]]).total, 15)
  t.throws(() => nn.summary(new nn.ReLU()), { name: 'TypeError', message: /summary: expected the shape .* ReLU/ })
  t.end()
})

t.test('what is no graph between inputs and outputs is refused', (t) => {
  const [x, other] = [nn.input([4]), nn.input([7])]
  const fc = new nn.Linear(4, 2)
  const y = fc(x)
  const refused = (make: () => unknown, name: string, message: RegExp) => t.throws(make, { name, message })
  refused(() => new nn.Model(other, y), 'RangeError', /argument of Linear that comes from an input of shape \[-1, 4\]/)
  refused(() => new nn.Model(x, [y, other]), 'RangeError', /an output that comes from an input of shape \[-1, 7\]/)
  refused(() => new nn.Model([x, other], y), 'RangeError', /every input to lead to an output, got input 1/)
  refused(() => new nn.Model([x, x], y), 'RangeError', /each input once/)
  refused(
    () => new nn.Model(x, zeros([1]) as never),
    'TypeError',
    /symbolic tensors as outputs, got an instance of Tensor/,
  )
  refused(() => new nn.Model([], y), 'TypeError', /symbolic tensors as inputs, got none/)
  refused(() => new nn.Model(x, y, { layers: { a: new nn.ReLU() } }), 'RangeError', /layer of the graph, got 'a'/)
  refused(() => new nn.Model(x, y, { layers: { train: fc } }), 'RangeError', /free name .* got 'train'/)
  refused(() => nn.input([-3]), 'ShapeError', /input: expected a shape/)
  refused(() => new nn.Linear(3, 2)(x), 'ShapeError', /linear/)
  refused(() => new nn.Add()(x, zeros([1, 4]) as never), 'TypeError', /Add: expected symbolic tensors only/)
  refused(
    () => (new nn.Lambda(() => 3) as unknown as nn.Layer)(x),
    'TypeError',
    /Lambda: expected a layer that gives a tensor .* 3/,
  )
  refused(() => relu(x as never), 'TypeError', /relu: expected x to be a Tensor, got an instance of SymbolicTensor/)
  const model = new nn.Model(x, y)
  refused(() => model(zeros([2, 5])), 'ShapeError', /Model: expected input 0 of shape \[-1, 4\], got \[2, 5\]/)
  refused(() => model(3 as never), 'TypeError', /input 0 to be a tensor, got 3/)
  t.end()
})
