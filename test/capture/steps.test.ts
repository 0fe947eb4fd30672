import t from 'tap'
import { capture, crossEntropy, data, dropout, manualSeed, nn, optim, rand, tensor, type Tensor, train } from 'convcore'
import { labels, images, values, weights, training, both, type Step } from './training.js'

const optimizers: Record<string, (params: Iterable<Tensor>) => unknown> = {
  SGD: (params) => new optim.SGD(params, { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  'SGD without momentum': (params) => new optim.SGD(params, { lr: 0.1 }),
  Adam: (params) => new optim.Adam(params, { lr: 0.01, amsgrad: true }),
  AdamW: (params) => new optim.AdamW(params, { lr: 0.01 }),
  NAdam: (params) => new optim.NAdam(params, { lr: 0.01 }),
  RMSprop: (params) => new optim.RMSprop(params, { lr: 0.01, momentum: 0.5, centered: true }),
  Adagrad: (params) => new optim.Adagrad(params, { lr: 0.01, lrDecay: 0.1 }),
  Adadelta: (params) => new optim.Adadelta(params, { lr: 1 }),
  Lion: (params) => new optim.Lion(params, { lr: 0.001 }),
}
for (const [name, make] of Object.entries(optimizers))
  t.test(
    `captured training with ${name} is bit for bit what it is without, with rates that change and batches of two sizes`,
    (t) => {
      const [plain, captured] = both(make as never, (step, { model, optimizer }) => {
        const schedule = new optim.lrScheduler.ExponentialLR(optimizer, 0.8)
        const losses = Array.from({ length: 9 }, (_, i) => {
          const n = i % 4 === 3 ? 5 : 8
          const loss = step(images(n), labels(n))
          schedule.step()
          return loss
        })
        return { losses: losses.map((loss) => loss.itemSync()), weights: weights(model) }
      })
      t.same(captured, plain)
      t.end()
    },
  )

t.test('a captured step leaves gradients, statistics, counts and random numbers as the step itself does', (t) => {
  const [plain, captured] = both(undefined, (step, { model, optimizer }) => {
    for (let i = 0; i < 5; i++) step(images(8), labels(8))
    const states = [...optimizer.state.values()] as { step: number }[]
    return {
      gradients: Array.from(model.parameters(), (p) => values(p.grad)),
      buffers: Array.from(model.buffers(), values),
      counts: states.map(({ step }) => step),
      drawn: values(rand([3])),
    }
  })
  t.same(captured, plain)
  t.end()
})

t.test('gradients that are summed over several captured calls are summed', (t) => {
  const [plain, captured] = [false, true].map((on) => {
    const { model, optimizer } = training()
    manualSeed(7)
    const pass: Step = (x, y) => {
      const loss = crossEntropy(model(x), y)
      loss.backward()
      return loss.detach()
    }
    const step = on ? capture(pass) : pass
    for (let i = 0; i < 12; i++) {
      step(images(8), labels(8))
      if (i % 3 < 2) continue
      optim.clipGradNorm(model.parameters(), 0.1)
      optimizer.step()
      optimizer.zeroGrad()
    }
    return weights(model)
  })
  t.same(captured, plain)
  t.end()
})

t.test('results of earlier calls stay what they were, in whatever structure they come', (t) => {
  const step = capture((x: Tensor) => ({ twice: x.add(x), list: [x.mul(3), undefined] as const }))
  const results = [1, 2, 3, 4].map((v) => step(tensor([v])))
  t.same(
    results.map(({ twice, list: [thrice, nothing] }) => [twice.itemSync(), thrice.itemSync(), nothing]),
    [1, 2, 3, 4].map((v) => [2 * v, 3 * v, undefined]),
  )
  t.equal(step.plans, 1)
  t.end()
})

t.test('a step may give its inputs, tensors from outside and views', (t) => {
  const outside = tensor([7])
  const step = capture((x: Tensor) => [x, outside, x.mul(2).reshape([2, 1])] as const)
  for (const v of [1, 2, 3, 4]) {
    const [same, other, view] = step(tensor([v, v]))
    t.same([values(same), values(other), values(view), view.shape], [[v, v], [7], [2 * v, 2 * v], [2, 1]])
  }
  t.end()
})

t.test('random numbers and constants made in the step are those that it would make', (t) => {
  const [plain, captured] = [false, true].map((on) => {
    manualSeed(11)
    const noisy = (x: Tensor) =>
      dropout(x, 0.5)
        .add(rand([4]))
        .mul(tensor([1, 2, 3, 4]))
    const step = on ? capture(noisy) : noisy
    return Array.from({ length: 5 }, () => values(step(tensor([1, 1, 1, 1]))))
  })
  t.same(captured, plain)
  t.end()
})

t.test('an op that fails is reported by the result, and the next call is sound', (t) => {
  const { step, model } = training((params) => new optim.SGD(params, { lr: 0.1 }))
  const captured = capture(step)
  const x = images(4)
  for (let i = 0; i < 3; i++) captured(x, labels(4)).itemSync()
  const before = weights(model)
  t.throws(() => captured(x, tensor(Int32Array.of(0, 1, 99, 2))).itemSync(), { code: 'ERR_EXECUTION' })
  t.same(weights(model), before, 'the weights are as they were')
  t.ok(Number.isFinite(captured(x, labels(4)).itemSync()))
  t.not(weights(model), before)
  t.end()
})

t.test('a step that throws has done what it did until then', (t) => {
  const seen = tensor([0])
  let fail = true
  const step = capture((x: Tensor) => {
    seen.copy_(x)
    if (fail && x.size === 1 && count++ === 1) throw new RangeError('on the way')
    return x.add(seen)
  })
  let count = 0
  step(tensor([1]))
  t.throws(() => step(tensor([2])), /on the way/)
  t.equal(seen.itemSync(), 2)
  fail = false
  for (const v of [3, 4, 5]) t.equal(step(tensor([v])).itemSync(), 2 * v)
  t.end()
})

t.test('captured steps in captured steps are part of them', (t) => {
  const inner = capture((x: Tensor) => x.mul(2))
  const outer = capture((x: Tensor) => inner(x).add(1))
  for (const v of [1, 2, 3]) t.equal(outer(tensor([v])).itemSync(), 2 * v + 1)
  t.equal(inner.plans, 0)
  t.end()
})

t.test('averaged weights are those of steps that are not captured', (t) => {
  const [plain, captured] = both(undefined, (given, { model, step }) => {
    const ema = new optim.EMA(model, { decay: 0.8 })
    const averaged: Step = (x, y) => {
      const loss = step(x, y)
      ema.update()
      return loss
    }
    const run = given === step ? averaged : capture(averaged)
    for (let i = 0; i < 6; i++) run(images(8), labels(8))
    ema.apply()
    return [weights(model), ema.numAveraged]
  })
  t.same(captured, plain)
  t.end()
})

t.test('a trainer that captures its steps ends with the weights of one that does not', async (t) => {
  const plain = await fit(false)
  t.same(await fit(true), plain)

  async function fit(on: boolean) {
    const { model, optimizer } = training()
    const trainer = new train.Trainer(model, {
      optimizer,
      loss: new nn.CrossEntropyLoss(),
      metrics: [train.accuracy],
      clipGradNorm: 1,
      capture: on,
    })
    manualSeed(1)
    const set = new data.TensorDataset(images(30), labels(30))
    const history = await trainer.fit(set, { epochs: 4, batchSize: 8, validation: set })
    return { weights: weights(model), history: history.map((record) => ({ ...record, seconds: 0 })) }
  }
})
