import { avgPool2d, cat, nn, type Tensor, zeros } from 'convcore'

const conv3 = (cIn: number, cOut: number, stride = 1) =>
  new nn.Conv2d(cIn, cOut, 3, { stride, padding: 1, bias: false })

/** Every second pixel, and zeros for the new channels, half before and half behind (He et al., 2016, option A). */
class PaddedShortcut extends nn.Module {
  constructor(private readonly padding: number) {
    super()
  }
  forward(x: Tensor): Tensor {
    const every = avgPool2d(x, 1, { stride: 2 })
    const [n, , h, w] = every.shape as [number, number, number, number]
    const nothing = zeros([n, this.padding, h, w], { device: x.device })
    return cat([nothing, every, nothing], 1)
  }
}

class BasicBlock extends nn.Module {
  readonly first: nn.Sequential
  readonly second: nn.Conv2d
  readonly norm: nn.BatchNorm2d
  readonly shortcut: nn.Layer | undefined

  constructor(cIn: number, cOut: number, stride: number, padded: boolean) {
    super()
    this.first = new nn.Sequential(conv3(cIn, cOut, stride), new nn.BatchNorm2d(cOut), new nn.ReLU())
    this.second = conv3(cOut, cOut)
    this.norm = new nn.BatchNorm2d(cOut)
    if (stride === 1 && cIn === cOut) this.shortcut = undefined
    else if (padded) this.shortcut = new PaddedShortcut((cOut - cIn) / 2)
    else
      this.shortcut = new nn.Sequential(new nn.Conv2d(cIn, cOut, 1, { stride, bias: false }), new nn.BatchNorm2d(cOut))
  }
  forward(x: Tensor): Tensor {
    return this.norm(this.second(this.first(x)), true, this.shortcut ? this.shortcut(x) : x)
  }
}

/** CIFAR's ResNet-20. */
function resnet20(): nn.Layer {
  const layers: nn.Layer[] = [conv3(3, 16), new nn.BatchNorm2d(16), new nn.ReLU()]
  let channels = 16
  for (const [width, stride] of [
    [16, 1],
    [32, 2],
    [64, 2],
  ] as const)
    for (let i = 0; i < 3; i++) {
      layers.push(new BasicBlock(channels, width, i === 0 ? stride : 1, true))
      channels = width
    }
  return new nn.Sequential(...layers, new GlobalAvgPool(), new nn.Linear(64, 10))
}

function resnet18(): nn.Layer {
  const layers: nn.Layer[] = [
    new nn.Conv2d(3, 64, 7, { stride: 2, padding: 3, bias: false }),
    new nn.BatchNorm2d(64),
    new nn.ReLU(),
    new nn.MaxPool2d(3, { stride: 2, padding: 1 }),
  ]
  let channels = 64
  for (const [width, stride] of [
    [64, 1],
    [128, 2],
    [256, 2],
    [512, 2],
  ] as const)
    for (let i = 0; i < 2; i++) {
      layers.push(new BasicBlock(channels, width, i === 0 ? stride : 1, false))
      channels = width
    }
  return new nn.Sequential(...layers, new GlobalAvgPool(), new nn.Linear(512, 1000))
}

/** [N, C, H, W] → [N, C]. */
class GlobalAvgPool extends nn.Module {
  forward(x: Tensor): Tensor {
    return x.mean([2, 3])
  }
}

const pooled = (cIn: number, cOut: number, kernel: number, options: { padding?: number; ceilMode?: boolean } = {}) => [
  new nn.Conv2d(cIn, cOut, kernel, { padding: options.padding ?? 0 }),
  new nn.ReLU(),
  new nn.MaxPool2d(2, { ceilMode: options.ceilMode ?? false }),
]
const dense = (cIn: number, cOut: number) => [new nn.Linear(cIn, cOut), new nn.ReLU()]

export const networks: Record<string, () => nn.Layer> = {
  'mnist-cnn': () =>
    new nn.Sequential(
      ...pooled(1, 32, 3, { padding: 1 }),
      ...pooled(32, 64, 3, { padding: 1 }),
      ...pooled(64, 128, 3, { padding: 1, ceilMode: true }),
      new nn.Flatten(),
      ...dense(2048, 256),
      new nn.Dropout(0.4),
      new nn.Linear(256, 10),
    ),
  'scratch-cnn': () =>
    new nn.Sequential(...pooled(1, 30, 5), new nn.Flatten(), ...dense(4320, 100), new nn.Linear(100, 10)),
  lenet5: () =>
    new nn.Sequential(
      ...pooled(1, 6, 5, { padding: 2 }),
      ...pooled(6, 16, 5),
      new nn.Flatten(),
      ...dense(400, 120),
      ...dense(120, 84),
      new nn.Linear(84, 10),
    ),
  mlp: () => new nn.Sequential(...dense(784, 256), new nn.Dropout(0.25), ...dense(256, 128), new nn.Linear(128, 10)),
  resnet20,
  resnet18,
}
