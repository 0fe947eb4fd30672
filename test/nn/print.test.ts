import t from 'tap'
import { models, nn, type Tensor } from 'convcore'
import { fixture } from '../fixture.js'

const { prints } = await fixture<{ prints: Record<string, string> }>('nn')

class Blocks extends nn.Module {
  layer1 = new nn.Sequential(
    new nn.Conv2d(1, 32, 3, { padding: 1 }),
    new nn.BatchNorm2d(32),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
  )
  blocks = [new nn.Linear(4, 4), new nn.Linear(4, 4), new nn.ReLU()]
  head = new nn.BatchNorm1d(4)

  forward(x: Tensor): Tensor {
    return this.head(this.layer1(x).flatten())
  }
}

const modules: Record<string, nn.Module> = {
  'conv same': new nn.Conv2d(1, 32, 3, { padding: 'same' }),
  'conv full': new nn.Conv2d(4, 8, [3, 5], { stride: 2, padding: 1, dilation: 2, groups: 2, bias: false }),
  'conv valid': new nn.Conv2d(1, 2, 3, { padding: 'valid' }),
  'conv pair': new nn.Conv2d(1, 2, 3, { padding: [0, 1] }),
  'conv 1-D': new nn.Conv1d(3, 4, 5, { stride: 2, padding: 2 }),
  'conv 3-D': new nn.Conv3d(2, 4, [1, 3, 3], { padding: [0, 1, 1], bias: false }),
  transposed: new nn.ConvTranspose2d(4, 2, 4, { stride: 2, padding: 1, outputPadding: 1, groups: 2 }),
  'transposed 1-D': new nn.ConvTranspose1d(4, 2, 3, { dilation: 2 }),
  'transposed 3-D': new nn.ConvTranspose3d(4, 2, 2, { stride: [1, 2, 2], outputPadding: [0, 1, 1], bias: false }),
  'max pool': new nn.MaxPool2d(2),
  'max pool pair': new nn.MaxPool2d([2, 3], { stride: 1, padding: 1, ceilMode: true }),
  'avg pool': new nn.AvgPool2d(2, { ceilMode: true }),
  'max pool 1d': new nn.MaxPool1d(2, { padding: 1 }),
  'max pool 3d': new nn.MaxPool3d([1, 2, 3], { stride: 2 }),
  'avg pool 1d': new nn.AvgPool1d(2),
  'avg pool 3d': new nn.AvgPool3d(2, { padding: 1 }),
  'adaptive avg pool': new nn.AdaptiveAvgPool2d([null, 7]),
  'adaptive max pool': new nn.AdaptiveMaxPool3d(5),
  'adaptive avg pool 1d': new nn.AdaptiveAvgPool1d(1),
  'max unpool 1d': new nn.MaxUnpool1d(2),
  'max unpool 2d': new nn.MaxUnpool2d(3, { stride: 2, padding: 1 }),
  upsample: new nn.Upsample({ scaleFactor: 2 }),
  'upsample pair': new nn.Upsample({ scaleFactor: [2, 1.5], mode: 'bilinear', alignCorners: true }),
  'upsample size': new nn.Upsample({ size: [5, 6] }),
  'batch norm': new nn.BatchNorm2d(32),
  'batch norm bare': new nn.BatchNorm1d(5, { eps: 1e-3, momentum: null, affine: false, trackRunningStats: false }),
  'batch norm of volumes': new nn.BatchNorm3d(3),
  'layer norm': new nn.LayerNorm(5),
  'layer norm, two dimensions': new nn.LayerNorm([3, 4], { bias: false }),
  'group norm': new nn.GroupNorm(2, 4),
  'group norm bare': new nn.GroupNorm(2, 4, { affine: false }),
  'instance norm': new nn.InstanceNorm2d(3),
  'instance norm full': new nn.InstanceNorm1d(3, { affine: true, trackRunningStats: true }),
  'response norm': new nn.LocalResponseNorm(5),
  'response norm full': new nn.LocalResponseNorm(3, { alpha: 1e-3, beta: 0.5, k: 2 }),
  dropout: new nn.Dropout(0.25),
  'dropout of channels': new nn.Sequential(
    new nn.Dropout1d(),
    new nn.Dropout2d(0.2),
    new nn.Dropout3d(),
    new nn.AlphaDropout(0.1),
  ),
  softmax: new nn.Softmax(1),
  relu6: new nn.ReLU6(),
  hardtanh: new nn.Hardtanh(),
  hardsigmoid: new nn.Hardsigmoid(),
  hardswish: new nn.Hardswish(),
  'leaky relu': new nn.LeakyReLU(0.2),
  elu: new nn.ELU(),
  selu: new nn.SELU(),
  gelu: new nn.GELU({ approximate: 'tanh' }),
  silu: new nn.SiLU(),
  softplus: new nn.Softplus({ beta: 2 }),
  prelu: new nn.PReLU({ numParameters: 3 }),
  embedding: new nn.Embedding(10, 3),
  'embedding padded': new nn.Embedding(10, 3, { paddingIdx: -1 }),
  'constant pad': new nn.ConstantPad2d([1, 2, 0, 3], 3.5),
  'zero pad': new nn.ZeroPad2d(1),
  'reflection pad': new nn.ReflectionPad1d(2),
  'replication pad': new nn.ReplicationPad3d(1),
  flatten: new nn.Flatten(),
  loss: new nn.CrossEntropyLoss(),
  losses: new nn.Sequential(
    new nn.NLLLoss() as never,
    new nn.BCEWithLogitsLoss() as never,
    new nn.L1Loss() as never,
    new nn.SmoothL1Loss() as never,
    new nn.HuberLoss() as never,
    new nn.KLDivLoss() as never,
  ),
  linear: new nn.Linear(784, 256, { bias: false }),
  empty: new nn.Sequential(),
  FashionDNN: models.fashionDnn(),
  Blocks: new Blocks(),
}

t.test('every module prints as PyTorch prints it', async (t) => {
  t.same(Object.keys(modules), Object.keys(prints))
  for (const [name, module] of Object.entries(modules)) t.equal(module.toString(), prints[name], name)
})

t.test('the fully connected Fashion-MNIST net prints as in the lecture', async (t) => {
  t.equal(
    models.fashionDnn().toString(),
    `FashionDNN(
  (fc1): Linear(in_features=784, out_features=256, bias=True)
  (drop): Dropout(p=0.25, inplace=False)
  (fc2): Linear(in_features=256, out_features=128, bias=True)
  (fc3): Linear(in_features=128, out_features=10, bias=True)
)`,
  )
})

t.test('an extra representation of several lines comes before the children', async (t) => {
  class Wide extends nn.Module {
    act = new nn.ReLU()
    forward(x: Tensor): Tensor {
      return this.act(x)
    }
    override extraRepr(): string {
      return 'a=1\nb=2'
    }
  }
  t.equal(new Wide().toString(), 'Wide(\n  a=1\n  b=2\n  (act): ReLU()\n)')
})
