import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { data, io, keras, models, nn, vision } from 'convcore'
import t from 'tap'
import { idx } from '../sets.js'
import { cells, convcore, folder } from './program.js'

t.setTimeout(300_000) // busy machines

const at = (name: string): string => join(folder, name)
const lenet = models.lenet5()
const chain = new nn.Sequential(new nn.Conv2d(1, 4, 3), new nn.ReLU(), new nn.Flatten(), new nn.Linear(4 * 26 * 26, 10))

t.before(async () => {
  await io.savePyTorch(at('lenet.pth'), { state_dict: lenet.stateDict(), epoch: 3 })
  await keras.saveLayersModel(chain, at('web'), { inputShape: [1, 28, 28] })
  const { images } = data.digits({ count: 1 })
  await vision.writeImage(at('digit.png'), images.squeeze(0))
  writeFileSync(at('names.txt'), 'zero one two three four five six seven eight nine'.replaceAll(' ', '\n'))
})

t.test('weights go from format to format', async (t) => {
  for (const [from, to] of [
    ['lenet.pth', 'lenet.safetensors'],
    ['lenet.safetensors', 'lenet.npz'],
    ['lenet.npz', 'again.pth'],
  ] as const) {
    const { code, out, errors } = await convcore(['convert', from, to])
    t.equal(code, 0, errors)
    t.same(cells(out), [
      ['file', to],
      ['tensors', '10'],
      ['elements', '61706'],
    ])
  }
  const again = await io.loadPyTorch<nn.StateDict>(at('again.pth'))
  t.same(await again['features.0.weight']!.data(), await lenet.stateDict()['features.0.weight']!.data())
})

t.test('weights become a model where their network is named', async (t) => {
  const unnamed = await convcore('convert lenet.pth lenet.onnx')
  t.equal(unnamed.code, 2)
  t.match(unnamed.errors, /lenet.pth: expected --network NAME/)
  t.notOk(existsSync(at('lenet.onnx')))
  t.equal((await convcore('convert lenet.pth lenet.onnx --network lenet-5')).code, 0)

  const said = async (model: string) => {
    const call = `predict digit.png --model ${model} --classes names.txt --top 3 --mean 0.1 --std 0.3`
    const { code, out, errors } = await convcore(call)
    t.equal(code, 0, errors)
    return cells(out)
  }
  const own = await said('lenet.pth --network lenet5')
  t.match(own, [
    ['digit.png', '1', /^[a-z]+$/, /^0\.\d{4}$/],
    ['digit.png', '2', /^[a-z]+$/, /^0\.\d{4}$/],
    ['digit.png', '3', /^[a-z]+$/, /^0\.\d{4}$/],
  ])
  t.same(await said('lenet.onnx'), own)
})

t.test('models of Keras are run and converted', async (t) => {
  t.equal((await convcore('convert web/model.json web.onnx')).code, 0)
  const answers = await Promise.all(
    ['web', 'web.onnx'].map((model) => convcore(`predict digit.png --model ${model} --mean 0 --std 1`)),
  )
  t.equal(answers[0]!.out, answers[1]!.out)
  const back = await convcore('convert web/model.json other/model.json')
  t.equal(back.code, 0, back.errors)
  t.same(readdirSync(at('other')).sort(), ['model.json', 'weights.bin'])
  t.same(readFileSync(at('other/weights.bin')), readFileSync(at('web/weights.bin')))
})

t.test('a model whose description is damaged is refused', async (t) => {
  const metadata = { 'convcore.model': JSON.stringify({ version: 1, network: 'lenet5', classes: ['a'], channels: 7 }) }
  await io.saveSafetensors(at('odd.safetensors'), lenet.stateDict(), metadata)
  const { code, errors } = await convcore('predict digit.png --model odd.safetensors')
  t.equal(code, 1)
  t.match(errors, /odd.safetensors: expected the description of a model, got {"network":"lenet5"/)
})

t.test('what cannot be converted is refused, and nothing is left', async (t) => {
  const before = readdirSync(folder).sort()
  const refusals: readonly [call: string, told: RegExp][] = [
    [
      'convert lenet.pth keras/model.json --network lenet5',
      /lenet5 has no counterpart in Keras: .*got LeNet5; ONNX may do/,
    ],
    ['convert lenet.pth names.onnx --network resnet20', /lenet.pth: expected weights of resnet20/],
    ['convert lenet.pth lenet.npz', /lenet.npz: expected no file there, got one; --force replaces it/],
    ['convert names.txt names.npz', /names.txt: expected a run's folder, a model .* or weights/],
    ['convert lenet.pth nowhere.onnx --network lenet5 --opset 99', /expected opset to be from 13 to 21, got 99/],
  ]
  for (const [call, told] of refusals) {
    const { code, out, errors } = await convcore(call)
    t.ok(code === 1 || code === 2, call)
    t.equal(out, '', call)
    t.match(errors, told, call)
  }
  t.same(readdirSync(folder).sort(), before)
})

t.test('summary lists the layers of a network, a file and a network of another size', async (t) => {
  const lines = cells((await convcore('summary lenet5')).out)
  t.same(lines[0], ['features.0', 'Conv2d', '-1x6x28x28', '156', '117600'])
  t.same(
    lines.find(([name]) => name === 'total'),
    ['total', 'LeNet5', '', '61706', '416520'],
  )
  const summary = JSON.parse((await convcore('summary lenet.pth --network lenet5 --json --batch 2')).out) as object
  t.match(summary, { model: 'LeNet5', total: 61706, memory: { weights: 4 * 61706, batch: 2 } })
  const other = JSON.parse(
    (await convcore('summary resnet18 --num-classes 7 --channels 1 --size 64 --json')).out,
  ) as object
  t.match(other, { inputShape: [1, 64, 64], total: 11689512 - 993 * 513 - 2 * 64 * 49 })
})

t.test('output that nobody reads any more is no error', async (t) => {
  const { code, errors } = await convcore('summary resnet152', { onError: (child) => child.stdout?.destroy() })
  t.same([code, errors], [0, ''])
})

t.test('download says where a set lies that is there, and what to do where it cannot be had', async (t) => {
  const { images, labels } = data.digits({ count: 20 })
  const root = at('mnist')
  await io.saveNpz(join(root, 'beside.npz'), { images })
  for (const prefix of ['train', 't10k']) {
    writeFileSync(join(root, `${prefix}-images-idx3-ubyte.gz`), gzipSync(idx(8, [20, 28, 28], await images.data())))
    writeFileSync(join(root, `${prefix}-labels-idx1-ubyte.gz`), gzipSync(idx(8, [20], await labels.data())))
  }
  t.same(cells((await convcore('download mnist')).out), [['mnist', root, '40']])
  t.same(JSON.parse((await convcore('download mnist --root mnist --json')).out), [
    { set: 'mnist', folder: 'mnist', images: 40 },
  ])
  const { code, out, errors } = await convcore('download fashion-mnist')
  t.same([code, out], [1, ''])
  t.match(errors, /^convcore: download failed; .*CONVCORE_OFFLINE forbids downloads; put the file .* by hand\n$/)
  t.equal((await convcore('download mnist cifar10 --root x')).code, 2)
})

t.test('bench tells what it timed', async (t) => {
  const { code, out, errors } = await convcore('bench --filter predict/resnet20 --seconds 0.05 --json')
  t.equal(code, 0, errors)
  t.match(JSON.parse(out), {
    threads: 1,
    peakGflops: Number,
    lines: [{ name: 'predict/resnet20/1', runs: Number, medianMs: Number }],
  })
  t.match((await convcore('bench --filter nothing')).errors, /--filter: expected a part of train\/mnistCnn\/64/)
})
