import { data, manualSeed, memory, nn, optim, train } from 'convcore'
import t from 'tap'
import { settle } from '../garbage.js'

const SIZES = [784, 64, 32, 16]

/** Layers of tanh units, and the same layers as stages of autoencoders. */
function deep() {
  const layers = SIZES.slice(1).map((size, i) => new nn.Linear(SIZES[i]!, size))
  const encoders = layers.map((layer) => new nn.Sequential(layer, new nn.Tanh()))
  const head = new nn.Linear(SIZES.at(-1)!, 10)
  const stages = encoders.map((encoder, i): train.Stage => ({
    encoder: i === 0 ? new nn.Sequential(new nn.Flatten(), encoder) : encoder,
    decoder: i === 0 ? new nn.Sequential(new nn.Linear(64, 784), new nn.Unflatten(1, [1, 28, 28])) : new nn.Linear(SIZES[i + 1]!, SIZES[i]!), // prettier-ignore
  }))
  return { layers, stages, model: new nn.Sequential(new nn.Flatten(), ...encoders, head) }
}

const optimizer = (parameters: nn.Parameter[]) => new optim.Adam(parameters, { lr: 5e-3 })

async function losses(model: nn.Layer, set: data.ImageDataset): Promise<number[]> {
  const trainer = new train.Trainer(model, { optimizer: optimizer([...model.parameters()]), loss: new nn.CrossEntropyLoss() }) // prettier-ignore
  return (await trainer.fit(set, { epochs: 4, batchSize: 50 })).map(({ loss }) => loss)
}

t.test(
  'L5.7: pretraining lowers each layer’s reconstruction error, and is a better start than a random one',
  async (t) => {
    const set = data.digits({ count: 600 })
    manualSeed(4)
    const random = deep()
    const pretrained = deep()
    pretrained.model.loadStateDict(random.model.stateDict())
    const histories = await train.pretrainLayers(pretrained.stages, set, { epochs: 10, batchSize: 50, optimizer })
    t.equal(histories.length, 3)
    for (const [i, history] of histories.entries()) {
      t.equal(history.length, 10)
      t.ok(history.at(-1)!.loss < 0.7 * history[0]!.loss, `stage ${i}: ${history[0]!.loss} → ${history.at(-1)!.loss}`)
    }
    const [from, better] = [await losses(random.model, set), await losses(pretrained.model, set)]
    t.ok(better.every((loss, epoch) => loss < from[epoch]!), `${better.join(' ')} instead of ${from.join(' ')}`) // prettier-ignore
  },
)

t.test('a stage leaves the layers before it, and after it, alone', async (t) => {
  manualSeed(1)
  const { layers, stages } = deep()
  const [, , last] = layers
  const before = [...last!.weight.dataSync()]
  let first: number[] = []
  const epochs: number[] = []
  await train.pretrainLayers(stages.slice(0, 2), data.digits({ count: 100 }), {
    epochs: 1,
    optimizer,
    onEpoch: ({ epoch }) => {
      if (epochs.push(epoch) === 1) first = [...layers[0]!.weight.dataSync()]
    },
  })
  t.same(epochs, [1, 1])
  t.same([...layers[0]!.weight.dataSync()], first)
  t.same([...last!.weight.dataSync()], before)
  t.ok(layers.every(({ weight }) => weight.requiresGrad))
})

t.test('noise hides inputs from the encoder, not from what is to be reconstructed', async (t) => {
  manualSeed(6)
  const seen: [zeros: number, targetZeros: number][] = []
  const share = (values: ArrayLike<number>) => Array.from(values).filter((v) => v === 0).length / values.length
  const stage = { encoder: new nn.Sequential(new nn.Linear(20, 8)), decoder: new nn.Linear(8, 20) }
  let inputs: ArrayLike<number> = []
  stage.encoder.registerForwardPreHook((_, [x]) => void (inputs = x.dataSync()))
  const ones = new data.TensorDataset(nn.init.ones_(new nn.Parameter(new nn.Linear(20, 64).weight.detach())).detach(), new nn.Linear(1, 64).bias!.detach()) // prettier-ignore
  await train.pretrainLayers([stage], ones, {
    epochs: 1,
    optimizer,
    noise: 0.3,
    loss(output, target) {
      seen.push([share(inputs), share(target.dataSync())])
      return new nn.MSELoss()(output, target)
    },
  })
  const [[hidden, missing]] = seen as [[number, number]]
  t.ok(Math.abs(hidden - 0.3) < 0.06, `${hidden}`)
  t.equal(missing, 0)
  t.ok(
    Array.from(inputs).every((v) => v === 0 || Math.abs(v - 1) < 1e-6),
    'what is left is as it was',
  )
})

t.test('pretraining leaves nothing behind', async (t) => {
  const set = data.digits({ count: 100 })
  const stages = deep().stages.slice(0, 2)
  const run = () => train.pretrainLayers(stages, set, { epochs: 1, optimizer: (p) => new optim.SGD(p, { lr: 0.1 }) })
  await run()
  await settle()
  const before = memory().tensors
  await run()
  t.ok(memory().tensors - before <= 8, 'but gradients at most') // of encoders and decoders
})

t.test('misuse is explained', async (t) => {
  const set = data.digits({ count: 10 })
  const options = { epochs: 1, optimizer }
  const { stages } = deep()
  await t.rejects(train.pretrainLayers([], set, options), {
    name: 'RangeError',
    message: /at least one stage, got \[\]/,
  })
  await t.rejects(train.pretrainLayers([{ encoder: stages[0]!.encoder } as never], set, options), {
    name: 'TypeError',
    message: /pretrainLayers: expected layer '0.decoder' to be a module, got undefined/,
  })
  await t.rejects(train.pretrainLayers(stages, set, { ...options, noise: 2 }), {
    name: 'RangeError',
    message: /noise to be between 0 and 1, got 2/,
  })
})
