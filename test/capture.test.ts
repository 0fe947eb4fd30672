import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import {
  capture,
  crossEntropy,
  data,
  dropout,
  Generator,
  getDefaultDevice,
  manualSeed,
  memory,
  nn,
  noGrad,
  ones,
  optim,
  rand,
  randn,
  relu,
  scope,
  sync,
  tensor,
  Tensor,
  train,
} from 'convcore'

const CLASSES = 5
const labels = (n: number) => tensor(Int32Array.from({ length: n }, (_, i) => i % CLASSES))
const network = () =>
  new nn.Sequential(
    new nn.Conv2d(2, 6, 3, { padding: 1 }),
    new nn.BatchNorm2d(6),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Dropout(0.3),
    new nn.Flatten(),
    new nn.Linear(6 * 16, CLASSES),
  )
const images = (n: number) => randn([n, 2, 8, 8])
const values = (x: Tensor | undefined) => Array.from(x?.dataSync() ?? [])
const weights = (model: nn.Module) => Array.from(model.parameters(), values).flat()

type Step = (x: Tensor, y: Tensor) => Tensor
/** A network, and how it takes a step of training. */
function training(make: (params: Iterable<Tensor>) => optim.SGD | optim.Adam = (params) => new optim.Adam(params)) {
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
function both(make: Parameters<typeof training>[0], run: (step: Step, made: ReturnType<typeof training>) => unknown) {
  return [false, true].map((captured) => {
    const made = training(make)
    manualSeed(7)
    return run(captured ? capture(made.step) : made.step, made)
  })
}

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

t.test('training and evaluation mode, noGrad, frozen and replaced parameters are followed', (t) => {
  const { model } = training()
  const calls = capture((x: Tensor) => model(x))
  const check = (what: string) => {
    const x = images(4)
    for (let i = 0; i < 4; i++) {
      manualSeed(5)
      const expected = values(model(x))
      manualSeed(5)
      t.same(values(calls(x)), expected, what)
    }
  }
  model.eval()
  check('evaluation')
  check('evaluation, again')
  t.equal(calls.plans, 1)
  noGrad(() => check('noGrad'))
  model.getParameter('0.weight').requiresGrad = false
  check('frozen')
  const before = calls.plans
  model.getParameter('0.weight').requiresGrad = true
  check('all as before')
  model.loadStateDict(network().stateDict())
  check('loaded')
  t.equal(calls.plans, before)
  Object.assign(model, { 6: new nn.Linear(6 * 16, CLASSES) })
  check('another head')
  model.train()
  check('training')
  t.equal(calls.plans, before + 2)
  t.end()
})

t.test('recordings are kept up to a limit', (t) => {
  const step = capture((x: Tensor) => relu(x), { maxPlans: 2 })
  for (let n = 1; n < 5; n++)
    for (let i = 0; i < 3; i++) t.same(values(step(tensor(Array<number>(n).fill(i)))), Array<number>(n).fill(i))
  t.equal(step.plans, 2)
  t.end()
})

t.test('memory is flat over replays, and goes when the captured function is disposed of', async (t) => {
  const { step } = training()
  const captured = capture(step)
  const run = () => scope(() => void captured(images(8), labels(8)))
  for (let i = 0; i < 3; i++) run()
  await sync()
  const { live, tensors } = memory()
  for (let i = 0; i < 50; i++) run()
  t.equal(memory().live, live)
  t.equal(memory().tensors, tensors)
  captured.dispose()
  t.ok(memory().live < live, `${memory().live} < ${live}`)
  t.equal(captured.plans, 0)
  for (let i = 0; i < 3; i++) run()
  t.equal(captured.plans, 1, 'and it may be used again')
})

// Checked builds give each tensor a block of its own.
const skip = process.env.CONVCORE_SANITIZED || getDefaultDevice() !== 'cpu:0' ? 'no pool in this build' : false

t.test('the garbage collector frees what a captured function that is gone has recorded', async (t) => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const collect = async () => {
    for (let i = 0; i < 5; i++) {
      gc()
      await setImmediate()
    }
  }
  const x = randn([256, 256])
  await collect() // what other tests have left
  const { live } = memory()
  record()
  t.ok(memory().live > live)
  await collect()
  t.equal(memory().live, live)

  function record() {
    const step = capture((x: Tensor) => relu(x).add(1))
    for (let i = 0; i < 3; i++) scope(() => void step(x))
  }
})

t.test('memory of a captured step is shared by what is not needed at the same time', { skip }, (t) => {
  const layers = () => new nn.Sequential(...Array.from({ length: 20 }, () => new nn.Conv2d(4, 4, 3, { padding: 1 })))
  const model = layers()
  const x = randn([8, 4, 32, 32])
  const bytes = x.size * 4
  const before = memory().live
  const run = capture((x: Tensor) => noGrad(() => model(x)))
  for (let i = 0; i < 3; i++) scope(() => void run(x))
  t.ok(memory().live - before < 6 * bytes, `${memory().live - before} bytes for tensors of ${bytes}`)
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

t.test('misuse is told at the first call', (t) => {
  const x = tensor([1])
  t.throws(() => capture(7 as never), /capture: expected a function, got 7/)
  t.throws(() => capture((x: Tensor) => x, { maxPlans: 0 }), /capture: expected maxPlans to be an integer ≥ 1, got 0/)
  t.throws(() => capture((x: Tensor) => x)(3 as never), /capture: expected tensors as inputs, got 3/)
  t.throws(() => capture((async (x: Tensor) => x) as never)(x), /capture: expected a synchronous function/)
  t.throws(() => capture((x: Tensor) => [x, 5] as never)(x), /capture: expected a step that gives tensors.*got 5/)
  t.throws(() => capture((x: Tensor) => tensor([x.itemSync()]))(x), {
    code: 'ERR_CAPTURE',
    message: /dataSync: expected no reading of values in a captured step/,
  })
  const leaf = tensor([1])
  leaf.requiresGrad = true
  t.throws(() => capture((x: Tensor) => x)(leaf), /capture: expected input 0 off the tape/)
  t.throws(
    () => capture((x: Tensor, y: Tensor) => x.add(y))(x, tensor([1], { device: 'cpu:1' })),
    /capture: expected all inputs on one device, got c\w+:0 and cpu:1/,
  )
  const crossing = capture((x: Tensor) => x.to('cpu:1'))
  crossing(x)
  t.throws(() => crossing(x), { code: 'ERR_CAPTURE', message: /expected the captured step to stay on c\w+:0.*cpu:1/ })
  t.throws(() => crossing(x.add(leaf)), /off the tape/)
  t.end()
})

t.test('what JavaScript does anew in every step is refused, not forgotten', (t) => {
  const x = tensor([1])
  const { optimizer } = training()
  const schedule = new optim.lrScheduler.ExponentialLR(optimizer, 0.8)
  const scaler = new optim.GradScaler()
  const steps: Record<string, [step: (x: Tensor) => Tensor | undefined, message: RegExp]> = {
    'a scheduler': [
      (x) => {
        schedule.step()
        return x
      },
      /scheduler.step: expected no step of a scheduler/,
    ],
    'a scaler': [(x) => scaler.scale(x), /GradScaler.scale: expected no factor that changes/],
    'random numbers': [(x) => x.mul(new Generator(1).random()), /Generator: expected no number drawn in JavaScript/],
  }
  for (const [name, [step, message]] of Object.entries(steps))
    t.throws(() => capture(step)(x), { code: 'ERR_CAPTURE', message }, name)
  t.end()
})

t.test('options that change, groups that are added and states that are loaded are followed', (t) => {
  type Made = Pick<ReturnType<typeof training>, 'model' | 'optimizer'> & { extra: Tensor }
  const changes: Record<string, (made: Made, i: number) => void> = {
    momentum: ({ optimizer }, i) => Object.assign(optimizer.paramGroups[0]!, { momentum: 0.9 - 0.1 * i }),
    'momentum on and off': ({ optimizer }, i) =>
      Object.assign(optimizer.paramGroups[0]!, { momentum: i % 4 < 2 ? 0.5 : 0 }),
    'the chance of dropout': ({ model }, i) => Object.assign(model.getSubmodule('4'), { p: i < 4 ? 0.3 : 0.1 }),
    'a group': ({ optimizer, extra }, i) => i === 4 && optimizer.addParamGroup({ params: [extra], lr: 1 }),
    'a state': ({ optimizer }, i) => i === 5 && optimizer.loadStateDict(optimizer.stateDict()),
  }
  for (const [name, change] of Object.entries(changes)) {
    const [plain, captured] = [false, true].map((on) => {
      manualSeed(3)
      const model = network()
      const extra = ones([CLASSES])
      extra.requiresGrad = true
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 })
      const plainStep: Step = (x, y) => {
        optimizer.zeroGrad()
        extra.grad = undefined
        const loss = crossEntropy(model(x).add(extra), y)
        loss.backward()
        optimizer.step()
        return loss.detach()
      }
      const step = on ? capture(plainStep) : plainStep
      for (let i = 0; i < 10; i++) {
        change({ model, optimizer, extra }, i)
        step(images(6), labels(6))
      }
      return [weights(model), values(extra)]
    })
    t.same(captured, plain, name)
  }
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

t.test('results are off the tape', (t) => {
  const { model } = training()
  const calls = capture((x: Tensor) => model(x))
  for (let i = 0; i < 3; i++) t.throws(() => calls(images(2)).sum().backward(), { code: 'ERR_AUTOGRAD' })
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

t.test('a trainer refuses to capture what waits for values', (t) => {
  const { model, optimizer } = training()
  const loss = new nn.CrossEntropyLoss()
  t.throws(
    () => new train.Trainer(model, { optimizer, loss, capture: true, accumulate: 2 }),
    /no accumulation with capture/,
  )
  t.throws(() => new train.Trainer(model, { optimizer, loss, capture: true, autocast: {} }), /no float16 with capture/)
  t.end()
})
