import t from 'tap'
import { nn, optim, tensor } from 'convcore'
import { makers, type OptimizerName } from './makers.js'

const parameters = () => new nn.Linear(1, 1).parameters()

const refused: [OptimizerName, Record<string, unknown>, string][] = [
  ['SGD', { lr: -1 }, 'SGD: expected lr >= 0, got -1'],
  ['SGD', { lr: NaN }, 'SGD: expected lr >= 0, got NaN'],
  ['SGD', { lr: Infinity }, 'SGD: expected lr >= 0, got Infinity'],
  ['SGD', { lr: '0.1' }, 'SGD: expected lr >= 0, got "0.1"'],
  ['SGD', { momentum: -0.1 }, 'SGD: expected momentum >= 0, got -0.1'],
  ['SGD', { weightDecay: -1 }, 'SGD: expected weightDecay >= 0, got -1'],
  ['SGD', { dampening: NaN }, 'SGD: expected a finite dampening, got NaN'],
  ['Adam', { lr: -1 }, 'Adam: expected lr >= 0, got -1'],
  ['Adam', { eps: -1 }, 'Adam: expected eps >= 0, got -1'],
  ['Adam', { betas: [1, 0.9] }, 'Adam: expected betas[0] >= 0 and < 1, got 1'],
  ['Adam', { betas: [0.9, -1] }, 'Adam: expected betas[1] >= 0 and < 1, got -1'],
  ['Adam', { betas: 0.9 }, 'Adam: expected betas to be two numbers, got 0.9'],
  ['Adam', { weightDecay: -1 }, 'Adam: expected weightDecay >= 0, got -1'],
  ['AdamW', { weightDecay: -1 }, 'AdamW: expected weightDecay >= 0, got -1'],
  ['NAdam', { momentumDecay: -1 }, 'NAdam: expected momentumDecay >= 0, got -1'],
  ['Adagrad', { lrDecay: -1 }, 'Adagrad: expected lrDecay >= 0, got -1'],
  ['Adagrad', { initialAccumulatorValue: -1 }, 'Adagrad: expected initialAccumulatorValue >= 0, got -1'],
  ['RMSprop', { alpha: 1 }, 'RMSprop: expected alpha >= 0 and < 1, got 1'],
  ['RMSprop', { momentum: -1 }, 'RMSprop: expected momentum >= 0, got -1'],
  ['Adadelta', { rho: -1 }, 'Adadelta: expected rho >= 0 and < 1, got -1'],
  ['Lion', { betas: [0.9] }, 'Lion: expected betas to be two numbers, got [0.9]'],
]

t.test('options out of range are refused', async (t) => {
  for (const [name, options, message] of refused)
    t.throws(() => makers[name](parameters(), options), { name: 'RangeError', message })
  t.throws(
    () => new optim.SGD(parameters(), { nesterov: true }),
    /expected momentum > 0 and dampening = 0 with nesterov/,
  )
})

t.test('an unknown option is refused', async (t) => {
  t.throws(() => new optim.SGD(parameters(), { momentun: 0.9 } as object), {
    name: 'TypeError',
    message: 'SGD: expected the options lr, momentum, dampening, weightDecay, nesterov, maximize, got momentun',
  })
})

t.test('defaults are those of PyTorch', async (t) => {
  const defaults = Object.entries(makers).map(([name, make]) => {
    const { params, ...options } = make(parameters(), {}).paramGroups[0]!
    t.equal(params.length, 2)
    return [name, options] as const
  })
  t.same(Object.fromEntries(defaults), {
    SGD: { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false },
    Adam: {
      lr: 1e-3,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weightDecay: 0,
      amsgrad: false,
      maximize: false,
      decoupledWeightDecay: false,
    },
    AdamW: {
      lr: 1e-3,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weightDecay: 0.01,
      amsgrad: false,
      maximize: false,
      decoupledWeightDecay: true,
    },
    NAdam: {
      lr: 2e-3,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weightDecay: 0,
      momentumDecay: 4e-3,
      decoupledWeightDecay: false,
      maximize: false,
    },
    Adagrad: { lr: 1e-2, lrDecay: 0, weightDecay: 0, initialAccumulatorValue: 0, eps: 1e-10, maximize: false },
    RMSprop: { lr: 1e-2, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, centered: false, maximize: false },
    Adadelta: { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false },
    Lion: { lr: 1e-4, betas: [0.9, 0.99], weightDecay: 0, maximize: false },
  })
})

t.test('options may be changed between steps', async (t) => {
  const p = new nn.Parameter(tensor([0]))
  const sgd = new optim.SGD([p], { lr: 1, momentum: 0.5 })
  const step = async (momentum: number) => {
    p.grad = tensor([1])
    for (const group of sgd.paramGroups) group.momentum = momentum
    sgd.step()
    return p.item()
  }
  t.equal(await step(0.5), -1)
  t.equal(await step(0), -2)
  t.equal(await step(0.5), -3.5)

  const adam = new optim.Adam([p], { lr: 1 })
  for (const amsgrad of [false, true, false]) {
    p.grad = tensor([1])
    for (const group of adam.paramGroups) group.amsgrad = amsgrad
    adam.step()
  }
  t.equal(adam.state.get(p)!.step, 3)
  t.ok(adam.state.get(p)!.maxExpAvgSq)
})
