// A convolutional network of two blocks with batch normalisation on Fashion-MNIST.
import { nn, type Tensor } from 'convcore'
import { type Options, type Trained, atLeast, type Row } from './example.js'
import { fit } from './fashion-dnn.js'

export const epochs = 10

export const rows: readonly Row[] = [atLeast('L4.5', 0.91)]

export class FashionCNN extends nn.Module {
  layer1 = new nn.Sequential(
    new nn.Conv2d(1, 32, 3, { padding: 1 }),
    new nn.BatchNorm2d(32),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
  )
  layer2 = new nn.Sequential(new nn.Conv2d(32, 64, 3), new nn.BatchNorm2d(64), new nn.ReLU(), new nn.MaxPool2d(2))
  fc1 = new nn.Linear(64 * 6 * 6, 600)
  drop = new nn.Dropout(0.25)
  fc2 = new nn.Linear(600, 120)
  fc3 = new nn.Linear(120, 10)

  forward(x: Tensor): Tensor {
    const features = this.layer2(this.layer1(x)).flatten(1)
    return this.fc3(this.fc2(this.drop(this.fc1(features))))
  }
}

export const run = (options: Options): Promise<Trained> => fit(new FashionCNN(), options)
