import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { models } from 'convcore'
import t from 'tap'
import { convcore, folder } from './program.js'

t.setTimeout(300_000) // busy machines

/** Calls that are not known, and what is said of them: one line, exit code 2. */
const misuse: readonly [call: string, told: RegExp][] = [
  ['trian', /^convcore: unknown command 'trian' \(Did you mean train\?\); convcore --help/],
  ['train --epoch 3', /unknown option '--epoch' \(Did you mean --epochs\?\); convcore train --help/],
  ['train --epochs three', /'--epochs <n>' argument 'three' is invalid. Expected a whole number from 1 on/],
  ['train --optimizer sdg', /Allowed choices are sgd, adam/],
  ['train --model lenet5', /expected --data SET, got none/],
  ['train --data digits --model lenet6', /expected a network among lenet5, .*, got lenet6/],
  ['train --data nowhere --model lenet5', /--data: expected mnist, .*, digits or a folder of images, got nowhere/],
  ['train --data digits --model lenet5 --freeze', /--freeze: expected --pretrained FILE beside it/],
  ['train --data digits --model vgg11 --size 20', /--size: expected at least 32 for vgg11, got 20/],
  ['train --data digits --model lenet5 --augment flip,flop', /--augment: expected none, or some of crop,.*, got flop/],
  ['eval --data digits', /required option '--model <file>' not specified/],
  ['predict --model x', /missing required argument 'image'/],
  ['summary resnet18 --size -1', /Expected a whole number from 1 on/],
  ['convert a.pth b.zip', /b.zip: expected a file that ends in .safetensors, .*\.onnx, or a model.json/],
  ['download mnits', /Allowed choices are mnist, fashion-mnist/],
  ['bench --device gpu', /--device: expected a device such as 'cpu', .*, got "gpu"/],
]

t.test('a call that is not known is told of in one line, with what is, and ends with exit code 2', async (t) => {
  for (const [call, told] of misuse) {
    const { code, out, errors } = await convcore(call)
    t.equal(code, 2, call)
    t.equal(out, '', call)
    t.match(errors, told, call)
    t.equal(errors.split('\n').length, 2, call)
  }
})

t.test('all networks of the zoo are known', async (t) => {
  const { errors } = await convcore('summary nonet')
  const [, names] = /expected a network among (.*), got nonet/.exec(errors)!
  const makers = Object.keys(models).filter((name) => /^[a-z]/.test(name) && !['fineTune', 'fromCaffe'].includes(name))
  t.same(names!.split(', ').sort(), makers.sort())
})

t.test('help says what there is, with examples', async (t) => {
  const { code, out } = await convcore('--help')
  t.equal(code, 0)
  for (const name of ['train', 'eval', 'predict', 'summary', 'convert', 'download', 'bench', 'info', 'doctor'])
    t.match(out, new RegExp(`^  ${name} `, 'm'))
  const predict = await convcore('predict --help')
  t.equal(predict.code, 0)
  t.match(predict.out, /Examples:\n {2}\$ convcore predict photo.jpg/)
  t.equal((await convcore([])).code, 2, 'a call of nothing is none')
})

t.test('what fails is told of in one line, with exit code 1, and with a stack if that is asked for', async (t) => {
  writeFileSync(join(folder, 'broken.safetensors'), 'what is this')
  const missing = await convcore('summary nothere.onnx')
  t.same(missing, { code: 1, out: '', errors: 'convcore: nothere.onnx: no such file or folder\n' })
  const broken = await convcore('eval --data digits --model broken.safetensors')
  t.equal(broken.code, 1)
  t.match(broken.errors, /^convcore: broken.safetensors: expected .*\n$/)
  const debug = await convcore('eval --data digits --model broken.safetensors --debug')
  t.match(debug.errors, /FormatError: .*\n +at /)
})

t.test('nothing of the library is loaded for help', async (t) => {
  const { code } = await convcore('train --help', { env: { CONVCORE_ADDON: '/nowhere.node' } })
  t.equal(code, 0)
})
