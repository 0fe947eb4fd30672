// A residual network on CIFAR-10: images mirrored and moved by up to four pixels each time, a learning rate that decays.
import { data, models, nn, optim, train, transforms } from 'convcore'
import { atLeast, figures, firstOf, type Options, type Row, type Trained } from './example.js'
import { Transformed } from './transformed.js'

export const epochs = 24

export const rows: readonly Row[] = [atLeast('L1.10', 0.75)]

const normalize = { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] }

const augment = new transforms.Compose([
  new transforms.RandomCrop(32, { padding: 4, perSample: true }),
  new transforms.RandomHorizontalFlip({ perSample: true }),
])

async function load(split: 'train' | 'test', { device, samples }: Options): Promise<data.ImageDataset> {
  return firstOf(await data.cifar10({ split, device, normalize, partial: true }), samples)
}

export async function run(options: Options): Promise<Trained> {
  const [training, test] = [await load('train', options), await load('test', options)]
  console.log(`data: CIFAR-10, ${training.length} images to train on and ${test.length} to test with`)
  const started = performance.now()
  const model = models.resnet20()
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 5e-4 })
  const trainer = new train.Trainer(model, {
    optimizer,
    scheduler: new optim.lrScheduler.CosineAnnealingLR(optimizer, Math.max(options.epochs, 1)),
    loss: new nn.CrossEntropyLoss(),
    metrics: [train.accuracy],
    device: options.device,
    capture: true,
    progress: true,
  })
  const set = new Transformed(training, augment)
  await trainer.fit(set, { epochs: options.epochs, batchSize: 128, validation: test })
  const { accuracy } = await trainer.evaluate(test, { batchSize: 250 })
  return figures(model, accuracy!, started)
}
