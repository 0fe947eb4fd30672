// What the types know and refuse: compiled, never run. Where a line is marked, it must not compile.
import * as convcore from 'convcore'
import {
  argmax,
  arange,
  capture,
  cat,
  compile,
  crossEntropy,
  data,
  eq,
  gather,
  io,
  models,
  nn,
  ones,
  optim,
  randn,
  reshape,
  sort,
  type Tensor,
  tensor,
  train,
  vision,
  zeros,
  zerosLike,
} from 'convcore'

/** What a tensor is read as. */
const read = <D extends convcore.DType>(x: Tensor<D>): convcore.ArrayOf<D> => x.dataSync()

export async function whatIsKnown(general: Tensor, either: boolean): Promise<unknown[]> {
  // What is made has the dtype that was asked for, float32 by default.
  const floats: Float32Array = await zeros([2]).data()
  const doubles: Float64Array = await ones([2], { dtype: 'float64' }).data()
  const bytes: Uint8Array = zeros([2], { dtype: 'uint8', device: 'cpu:1' }).dataSync()
  const halves: Float32Array = zeros([2], { dtype: 'bfloat16', device: 'cuda' }).dataSync()
  const labels: Int32Array = await tensor(Int32Array.of(1, 2)).data()
  const pixels: Uint8Array = await tensor(Buffer.from([1])).data()
  const nested: Float32Array = await tensor([[1], [2]]).data()
  const chosen: Int32Array = await tensor([1, 2], { dtype: 'int32' }).data()
  const cast: Float64Array = await tensor(Int32Array.of(1), { dtype: 'float64' }).data()
  const like: Float32Array = await zerosLike(randn([2])).data()
  const otherwise: Int32Array = await zerosLike(randn([2]), { dtype: 'int32' }).data()
  const count: number = await arange(3).sum().item()

  // Models are compiled for what their `forward` takes of tensors.
  const one: Tensor = compile(models.mnistCnn())(randn([1, 1, 28, 28]))
  const two: Tensor = compile((x: Tensor, y: Tensor) => cat([x, y]))(one, one)

  // Casts change it; ops keep it, but for those that give indices and masks.
  const wide: Float64Array = await randn([2]).to('float64').data()
  const moved: Float64Array = await randn([2]).to('float64').to('cuda').clone().detach().data()
  const shaped: Int32Array = await reshape(tensor(Int32Array.of(1, 2)), [2, 1])
    .flatten()
    .slice(0, 0, 1)
    .data()
  const rectified: Float32Array = await randn([2]).relu().add(1).softmax(0).data()
  const joined: Int32Array = await cat([tensor(Int32Array.of(1)), tensor(Int32Array.of(2))]).data()
  const best: Int32Array = await argmax(randn([2, 3]), 1).data()
  const mask: Uint8Array = await eq(randn([2]), 0).data()
  const { values, indices } = sort(ones([2], { dtype: 'float64' }))
  const sorted: [Float64Array, Int32Array] = [values.dataSync(), indices.dataSync()]
  const { values: highest } = randn([2, 2]).max(1)
  const top: Float32Array = highest.dataSync()
  const gradient: Float32Array | undefined = await randn([2], { requiresGrad: true }).grad?.data()
  const image: Uint8Array = await (await vision.readImage('photo.jpg')).data()
  const targets: Int32Array = await data.digits().labels.data()

  // Where it is not known, it may be any; a union of dtypes is one of them.
  const unknown: convcore.TypedArray = await general.data()
  // @ts-expect-error it may be another array
  const guessed: Float32Array = await general.data()
  const union: Float32Array | Float64Array = read(zeros([2], { dtype: either ? 'float32' : 'float64' }))

  // One that is not known goes where a certain one is wanted, and the other way round.
  let x = randn([2, 3])
  x = new nn.Linear(3, 3)(x)
  const known: Tensor<'int32'> = general
  const forgotten: Tensor = known
  const thing: unknown = x
  if (!(thing instanceof convcore.Tensor)) return []
  // @ts-expect-error it may be another array
  const found: Float32Array = thing.dataSync()

  return [
    ...[floats, doubles, bytes, halves, labels, pixels, nested, chosen, cast, like, otherwise, count, wide, moved],
    ...[one, two],
    ...[shaped, rectified, joined, best, mask, sorted, top, gradient, image, targets, unknown, union, forgotten],
    ...[guessed, found],
  ]
}

export async function whatIsRefused(x: Tensor<'float32'>, logits: Tensor): Promise<unknown[]> {
  // @ts-expect-error another dtype
  const integers: Tensor<'int32'> = x
  // @ts-expect-error another array
  const array: Int32Array = await x.data()
  // @ts-expect-error a dtype that there is not
  zeros([2], { dtype: 'float' })
  // @ts-expect-error a dtype that there is not
  x.to('int64')
  // @ts-expect-error a device that there is not
  zeros([2], { device: 'gpu' })
  // @ts-expect-error a shape that is a string
  zeros('2')
  // @ts-expect-error sizes side by side, as in PyTorch
  zeros(2, 3)
  // @ts-expect-error strings for numbers
  tensor(['1', '2'])
  // @ts-expect-error an option's name as in PyTorch
  randn([2], { requires_grad: true })
  // @ts-expect-error labels as an array
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
  crossEntropy(logits, [1, 2])
  // @ts-expect-error floats as an index
  gather(x, 0, x)
  // @ts-expect-error floats as a condition
  x.where(x, 0)
  // @ts-expect-error a gradient of another dtype
  x.grad = ones([2], { dtype: 'float64' })
  // @ts-expect-error the promise is no number
  const sum: number = x.sum().item()
  // @ts-expect-error an option that there is not
  new nn.Conv2d(1, 2, 3, { pad: 1 })
  // @ts-expect-error a padding that is no mode
  new nn.Conv2d(1, 2, 3, { padding: 'full' })
  // @ts-expect-error a number of channels that is a string
  new nn.Conv2d('1', 2, 3)
  // @ts-expect-error a rate by another name
  new optim.SGD([x], { learningRate: 0.1 })
  // @ts-expect-error a loss by its name, as in Keras
  new train.Trainer(new nn.Linear(1, 1), { loss: 'mse' })
  // @ts-expect-error no interpolation
  convcore.interpolate(x, { size: 2, mode: 'cubic-ish' })
  // @ts-expect-error no reduction
  new nn.MSELoss({ reduction: 'average' })
  // @ts-expect-error a mode of images that there is not
  await vision.readImage('photo.jpg', { mode: 'grey' })
  // @ts-expect-error floats as an image
  await vision.encodeImage(x, 'png')
  // @ts-expect-error a step that waits
  convcore.scope(async () => x)
  // @ts-expect-error a step that takes no tensors
  capture((n: number) => zeros([n]))
  // @ts-expect-error no options without epochs
  await new train.Trainer(new nn.Linear(1, 1), { loss: new nn.MSELoss() }).fit(data.digits(), { batchSize: 2 })
  // @ts-expect-error a module where its state is wanted
  await io.saveSafetensors('model.safetensors', new nn.Linear(1, 1))
  return [integers, array, sum]
}
