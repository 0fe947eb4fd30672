import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import {
  adaptiveAvgPool2d,
  crossEntropy,
  Generator,
  io,
  nn,
  onnx,
  optim,
  randn,
  relu,
  scope,
  tensor,
  type Tensor,
} from 'convcore'
import { distance, runtime } from './runtime.js'

/** The network whose weights scripts/fixtures/onnx_models.py saves. */
class Residual extends nn.Module {
  conv1 = new nn.Conv2d(3, 4, 3, { stride: 2, padding: 1, bias: false })
  bn1 = new nn.BatchNorm2d(4)
  conv2 = new nn.Conv2d(4, 4, 3, { padding: 1, bias: false })
  bn2 = new nn.BatchNorm2d(4)
  down = new nn.Conv2d(3, 4, 1, { stride: 2, bias: false })
  fc = new nn.Linear(4, 3)

  forward(x: Tensor): Tensor {
    const h = relu(this.bn1(this.conv1(x)))
    const y = relu(this.bn2(this.conv2(h)).add(this.down(x)))
    return this.fc(adaptiveAvgPool2d(y, 1).view(x.shape[0]!, -1))
  }
}

t.test("PyTorch's weights go in, are fine-tuned, and go out as ONNX", async (t) => {
  const path = fileURLToPath(new URL('../../../../test/fixtures/onnx/residual.pth', import.meta.url))
  const file = join(t.testdir({}), 'tuned.onnx')
  const model = new Residual()
  model.loadStateDict(await io.loadPyTorch(path))
  model.fc = new nn.Linear(4, 2) // another head
  const generator = new Generator(5)
  const x = randn([8, 3, 8, 8], { generator })
  const labels = tensor(Int32Array.from({ length: 8 }, (_, i) => i % 2))
  const optimizer = new optim.SGD(
    [{ params: [...model.fc.parameters()], lr: 0.5 }, { params: [...model.conv2.parameters()] }],
    { lr: 0.05 },
  )
  const losses = Array.from({ length: 60 }, () =>
    scope(() => {
      optimizer.zeroGrad()
      const loss = crossEntropy(model(x), labels)
      loss.backward()
      optimizer.step()
      return loss.itemSync()
    }),
  )
  t.ok(losses.at(-1)! < losses[0]! / 2, `loss ${losses[0]} → ${losses.at(-1)}`)
  await onnx.exportModel(model, x, file)
  const others = randn([5, 3, 8, 8], { generator })
  const logits = model.eval()(others)
  const [given] = await runtime(file, others)
  t.same(given!.shape, [5, 2])
  t.ok(distance(given!.values, logits.dataSync()) < 1e-4)
  const again = await onnx.importModel(file)
  t.ok(distance(again(others).dataSync(), logits.dataSync()) < 1e-5)
})
