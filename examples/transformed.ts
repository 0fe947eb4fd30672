import { type data, scope, type Tensor, type transforms } from 'convcore'

type Labelled = [image: Tensor, label: Tensor]

/** Labelled images that are changed each time they are taken. */
export class Transformed implements data.Dataset<Labelled> {
  constructor(
    readonly source: data.ImageDataset | data.TensorDataset<Labelled>,
    readonly transform: transforms.TransformLike,
  ) {}

  get length(): number {
    return this.source.length
  }

  get(index: number): Labelled {
    return this.#change(() => this.source.get(index))
  }

  batch(indices: Int32Array): Labelled {
    return this.#change(() => this.source.batch(indices))
  }

  #change(take: () => Labelled): Labelled {
    return scope(() => {
      const [images, labels] = take()
      return [this.transform(images), labels]
    })
  }
}
