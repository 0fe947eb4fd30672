import { fileURLToPath } from 'node:url'
import t from 'tap'
import { crossEntropy, memory, nn, onnx, optim, scope, tensor, Tensor } from 'convcore'
import { fixture } from '../fixture.js'
import { distance, type Given } from './runtime.js'
import { settle } from '../garbage.js'

interface Case {
  files: string[]
  input: Given
  outputs: Given[]
}

const cases = await fixture<Record<string, Case>>('onnx/cases')
const pathOf = (file: string) => fileURLToPath(new URL(`../../../../test/fixtures/onnx/${file}`, import.meta.url))
const given = ({ values, shape }: Given) => tensor(Float32Array.from(values), { shape })

for (const [name, { files, input, outputs }] of Object.entries(cases)) {
  t.test(`${name}, as PyTorch wrote it`, async (t) => {
    for (const file of files) {
      const model = await onnx.importModel<Tensor | Tensor[]>(pathOf(file))
      t.notOk(model.training)
      const result = model(given(input))
      const ours = result instanceof Tensor ? [result] : result
      t.equal(ours.length, outputs.length, file)
      for (const [i, y] of ours.entries()) {
        t.same(y.shape, outputs[i]!.shape, file)
        t.ok(distance(y.dataSync(), outputs[i]!.values) < 1e-5, `${file}, output ${i}: ${distance(y.dataSync(), outputs[i]!.values)}`) // prettier-ignore
      }
    }
  })
}

t.test('an imported network is trained as any other', async (t) => {
  const model = await onnx.importModel(pathOf('residual-13.onnx'))
  t.same(Object.keys(model.stateDict()).sort(), [
    ...['bn1.bias', 'bn1.running_mean', 'bn1.running_var', 'bn1.weight'],
    ...['bn2.bias', 'bn2.running_mean', 'bn2.running_var', 'bn2.weight'],
    ...['conv1.weight', 'conv2.weight', 'down.weight', 'fc.bias', 'fc.weight'],
  ])
  t.equal(model.countParameters(), 3 * 4 * 9 + 4 * 4 * 9 + 12 + 16 + 15)
  const before = [...model.stateDict()['bn1.running_mean']!.dataSync()]
  const optimizer = new optim.SGD(model.train().parameters(), { lr: 0.1 })
  const labels = tensor(Int32Array.of(0, 2))
  const x = given(cases.residual!.input)
  const losses: number[] = []
  let live = 0
  for (let step = 0; step < 40; step++) {
    losses.push(
      scope(() => {
        optimizer.zeroGrad()
        const loss = crossEntropy(model(x), labels)
        loss.backward()
        optimizer.step()
        return loss.itemSync()
      }),
    )
    await settle()
    if (step === 1) live = memory().tensors
  }
  t.ok(losses.at(-1)! < losses[0]! / 3, `loss ${losses[0]} → ${losses.at(-1)}`)
  t.equal(memory().tensors, live)
  t.notSame([...model.stateDict()['bn1.running_mean']!.dataSync()], before)
})

t.test('its weights go into other models, and theirs into it', async (t) => {
  const model = await onnx.importModel(pathOf('classifier-13.onnx'))
  const fc = new nn.Linear(4, 6)
  const state = model.stateDict()
  fc.loadStateDict({ weight: state['classifier.1.weight']!, bias: state['classifier.1.bias']! })
  model.loadStateDict({ 'classifier.1.weight': fc.weight.mul(2) }, { strict: false })
  t.same([...model.stateDict()['classifier.1.weight']!.dataSync()], [...fc.weight.mul(2).dataSync()])
})
