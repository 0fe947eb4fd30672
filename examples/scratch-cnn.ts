// A simple network whose loss, gradients and accuracy one can ask for by hand:
// conv – ReLU – pool – affine – ReLU – affine – softmax.
import { data, models, nn, optim, train } from 'convcore'
import { figures, loadDigits, type Trained, type Options, atLeast, type Row } from './example.js'

export const epochs = 20

export const rows: readonly Row[] = ['L3.5', 'L3.6'].map((row) => atLeast(row, 0.985, { parameters: 433_890 }))

const EVALUATED = 1000 // samples per epoch for the accuracy curves

export async function run(options: Options): Promise<Trained> {
  const digits = await loadDigits(options)
  const started = performance.now()
  const net = models.simpleConvNet()
  console.log(String(net))
  const trainer = new train.Trainer(net, {
    optimizer: new optim.Adam(net.parameters(), { lr: 1e-3 }),
    loss: new nn.CrossEntropyLoss(),
    metrics: [train.accuracy],
    device: options.device,
    progress: true,
  })
  const firsts = (set: data.ImageDataset) => Int32Array.from({ length: Math.min(EVALUATED, set.length) }, (_, i) => i)
  const sample = (set: data.ImageDataset) => new data.TensorDataset(...set.batch(firsts(set)))
  const [trainSample, testSample] = [sample(digits.train), sample(digits.test)]
  const curves: { train: number; test: number }[] = []
  await trainer.fit(digits.train, {
    epochs: options.epochs,
    batchSize: 100,
    async onEpoch({ epoch }) {
      const [onTrain, onTest] = [await trainer.evaluate(trainSample), await trainer.evaluate(testSample)]
      curves.push({ train: onTrain.accuracy!, test: onTest.accuracy! })
      console.log(`epoch ${epoch}: train ${onTrain.accuracy!.toFixed(3)}, test ${onTest.accuracy!.toFixed(3)}`)
    },
  })
  const { accuracy } = await trainer.evaluate(digits.test, { batchSize: 500 })
  return { ...(await figures(net, accuracy!, started)), curves }
}
