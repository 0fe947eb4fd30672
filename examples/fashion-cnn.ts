// A convolutional network of two blocks with batch normalisation on Fashion-MNIST.
import { models } from 'convcore'
import { type Options, type Trained, atLeast, type Row } from './example.js'
import { fit } from './fashion-dnn.js'

export const epochs = 10

export const rows: readonly Row[] = [atLeast('L4.5', 0.91)]

export const run = (options: Options): Promise<Trained> => fit(models.fashionCnn(), options)
