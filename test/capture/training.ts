import { capture, crossEntropy, manualSeed, nn, optim, randn, tensor, type Tensor } from 'convcore'

export const CLASSES = 5
export const labels = (n: number) => tensor(Int32Array.from({ length: n }, (_, i) => i % CLASSES))
export const network = () =>
  new nn.Sequential(
    new nn.Conv2d(2, 6, 3, { padding: 1 }),
    new nn.BatchNorm2d(6),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Dropout(0.3),
    new nn.Flatten(),
    new nn.Linear(6 * 16, CLASSES),
  )
export const images = (n: number) => randn([n, 2, 8, 8])
export const values = (x: Tensor | undefined) => Array.from(x?.dataSync() ?? [])
export const weights = (model: nn.Module) => Array.from(model.parameters(), values).flat()

export type Step = (x: Tensor, y: Tensor) => Tensor
/** A network, and how it takes a step of training. */
export function training(
  make: (params: Iterable<Tensor>) => optim.SGD | optim.Adam = (params) => new optim.Adam(params),
) {
  manualSeed(3)
  const model = network()
  const optimizer = make(model.parameters())
  const step: Step = (x, y) => {
    optimizer.zeroGrad()
    const loss = crossEntropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.detach()
  }
  return { model, optimizer, step }
}

/** The same steps twice, as they are and captured; what each gave. */
export function both(
  make: Parameters<typeof training>[0],
  run: (step: Step, made: ReturnType<typeof training>) => unknown,
) {
  return [false, true].map((captured) => {
    const made = training(make)
    manualSeed(7)
    return run(captured ? capture(made.step) : made.step, made)
  })
}
