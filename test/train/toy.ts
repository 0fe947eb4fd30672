import { data, nn, optim, train, tensor, type Tensor } from 'convcore'

/** Points of two rings, which no straight line separates: inputs [N, 2] and int32 labels [N]. */
export function rings(count = 256): data.TensorDataset<[Tensor, Tensor]> {
  const points = new Float32Array(2 * count)
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2)
  for (const [i, label] of labels.entries()) {
    const radius = 1 + 1.5 * label
    points[2 * i] = radius * Math.cos(i)
    points[2 * i + 1] = radius * Math.sin(i)
  }
  return new data.TensorDataset(tensor(points, { shape: [count, 2] }), tensor(labels))
}

export const makeNet = (): nn.Sequential =>
  new nn.Sequential(
    new nn.Linear(2, 16),
    new nn.BatchNorm1d(16),
    new nn.ReLU(),
    new nn.Dropout(0.1),
    new nn.Linear(16, 2),
  )

/** A trainer of a fresh model with Adam. */
export function makeTrainer(options: Partial<train.TrainerOptions> = {}, model: nn.Layer = makeNet()): train.Trainer {
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 })
  return new train.Trainer(model, { optimizer, loss: new nn.CrossEntropyLoss(), metrics: [train.accuracy], ...options })
}
