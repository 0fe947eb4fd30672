import { capture, compile, crossEntropy, type Device, nn, optim, randn, type Tensor, tensor } from 'convcore'
import { inputOf, type ModelRow } from './cases.js'
import type { Figures } from './kernels.js'
import { networks } from './networks.js'

const optimizers: Record<string, (model: nn.Layer) => optim.SGD | optim.Adam> = {
  lenet5: (model) => new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 }),
  resnet18: (model) => new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 }),
  resnet20: (model) => new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9, weightDecay: 1e-4 }),
}
const adam = (model: nn.Layer) => new optim.Adam(model.parameters(), { lr: 1e-3 })

export function training({ name, batch, input }: ModelRow, device: Device): Figures {
  const model = networks[name]!().to(device)
  const optimizer = (optimizers[name] ?? adam)(model)
  const x = randn([batch, ...input], { device })
  const labels = tensor(
    Int32Array.from({ length: batch }, (_, i) => i % 10),
    { device },
  )
  // As a user trains who wants speed: the step is captured.
  const step = capture((x: Tensor, labels: Tensor) => {
    optimizer.zeroGrad()
    crossEntropy(model(x), labels).backward()
    optimizer.step()
  })
  return { step: () => step(x, labels) }
}

export function inference({ name, batch }: Omit<ModelRow, 'input'>, device: Device): Figures {
  const model = networks[name]!().to(device).eval()
  const x = randn([batch, ...inputOf(name)], { device })
  const predict = compile((x: Tensor) => model(x))
  // A caller wants the values: the call ends when they are there.
  return { call: () => void predict(x).dataSync() }
}
