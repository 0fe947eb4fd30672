import t from 'tap'
import { memory, nn, type Tensor } from 'convcore'
import { settle } from '../garbage.js'

const conv = (from: number, to: number) => new nn.Conv2d(from, to, 3, { padding: 'same' })
const pool = () => new nn.MaxPool2d(2, { ceilMode: true })

const mnist = () =>
  new nn.Sequential({
    conv1: conv(1, 32),
    relu1: new nn.ReLU(),
    pool1: pool(),
    conv2: conv(32, 64),
    relu2: new nn.ReLU(),
    pool2: pool(),
    conv3: conv(64, 128),
    relu3: new nn.ReLU(),
    pool3: pool(),
    flatten: new nn.Flatten(),
    dense1: new nn.Linear(2048, 256),
    relu4: new nn.ReLU(),
    drop: new nn.Dropout(0.4),
    dense2: new nn.Linear(256, 10),
  })

t.test('the MNIST network has the shapes and parameters of the lecture', async (t) => {
  const summary = nn.summary(mnist(), [1, 28, 28])
  const rows = summary.layers.filter((layer) => !/relu/.test(layer.name))
  t.same(
    rows.map(({ name, outputShape, parameters }) => [name, outputShape, parameters]),
    [
      ['conv1', [-1, 32, 28, 28], 320],
      ['pool1', [-1, 32, 14, 14], 0],
      ['conv2', [-1, 64, 14, 14], 18_496],
      ['pool2', [-1, 64, 7, 7], 0],
      ['conv3', [-1, 128, 7, 7], 73_856],
      ['pool3', [-1, 128, 4, 4], 0],
      ['flatten', [-1, 2048], 0],
      ['dense1', [-1, 256], 524_544],
      ['drop', [-1, 256], 0],
      ['dense2', [-1, 10], 2_570],
    ],
  )
  t.equal(summary.total, 619_786)
  t.equal(summary.nonTrainable, 0)
})

t.test('it prints as a table', async (t) => {
  const net = new nn.Sequential({ fc: new nn.Linear(1000, 2), act: new nn.ReLU() })
  net.at(0)?.requiresGrad_(false)
  t.equal(
    nn.summary(net, [1000], { batch: 5 }).toString(),
    `Sequential
------------------------------------------------------
Layer (class)  Output shape  Parameters  Multiply-adds
------------------------------------------------------
fc (Linear)    [5, 2]             2,002          2,000
act (ReLU)     [5, 2]                 0              0
------------------------------------------------------
Total parameters: 2,002
Trainable: 0
Non-trainable: 2,002
Multiply-adds per sample: 2,000`,
  )
})

t.test('it counts the products with weights, for one sample', async (t) => {
  const products = (layer: nn.Module, shape: number[]) => nn.summary(layer, shape, { batch: 3 }).multiplyAdds
  t.equal(products(new nn.Conv2d(3, 2, 5), [3, 32, 32]), 28 * 28 * 2 * 5 * 5 * 3)
  t.equal(products(new nn.Conv2d(4, 8, 3, { groups: 2, stride: 2, padding: 1 }), [4, 8, 8]), 4 * 4 * 8 * 3 * 3 * 2)
  t.equal(products(new nn.Conv1d(1, 1, 3), [1, 5]), 3 * 3)
  t.equal(products(new nn.ConvTranspose2d(4, 6, 2, { stride: 2 }), [4, 5, 5]), 5 * 5 * 4 * 6 * 2 * 2)
  t.equal(products(new nn.Linear(7, 4), [10, 7]), 10 * 7 * 4, 'a linear layer at each of ten places')
  t.equal(products(new nn.Sequential(new nn.BatchNorm2d(3), new nn.ReLU()), [3, 4, 4]), 0)
  const twice = new nn.Linear(3, 3, { bias: false })
  t.equal(products(new nn.Sequential(twice, twice), [3]), 18, 'a shared layer at each call')
})

t.test('shared layers count once and uncalled ones are listed last', async (t) => {
  class Net extends nn.Module {
    idle = new nn.Linear(1, 1)
    fc = new nn.Linear(3, 3)
    forward(x: Tensor): Tensor {
      return this.fc(this.fc(x))
    }
  }
  const summary = nn.summary(new Net(), [3])
  t.same(
    summary.layers.map(({ name, outputShape, parameters }) => [name, outputShape, parameters]),
    [
      ['fc', [-1, 3], 12],
      ['fc', [-1, 3], 0],
      ['idle', undefined, 2],
    ],
  )
  t.equal(summary.total, 14)
})

t.test('it leaves no trace: mode, running statistics, memory', async (t) => {
  const net = new nn.Sequential(conv(1, 2), new nn.BatchNorm2d(2))
  net.at(1)?.eval()
  await settle()
  const before = memory().tensors
  nn.summary(net, [1, 4, 4])
  t.equal(memory().tensors, before)
  t.ok(net.training)
  t.notOk(net.at(1)?.training)
  t.equal(await [...net.buffers()][2]?.item(), 0)
})

t.test('an input that does not fit throws, and the mode is restored', async (t) => {
  const net = mnist()
  t.throws(() => nn.summary(net, [3, 28, 28]), { name: 'ShapeError' })
  t.ok(net.training)
  t.throws(() => nn.summary(net, [1, 28, 28], { batch: 0 }), /expected batch to be a positive integer, got 0/)
})
