import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { io } from 'convcore'
import t from 'tap'
import { cells, convcore, folder, writePhotos } from './program.js'

t.setTimeout(300_000) // busy machines

const json = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>
const text = (path: string): string => readFileSync(join(folder, path), 'utf8')
const bytes = (path: string): Buffer => readFileSync(join(folder, path))

const call = 'train --data digits --samples 600 --model lenet5 --batch-size 20 --optimizer adam --lr 0.003 --seed 7'

t.test('train writes a model that says what it is, its figures, settings and a report', async (t) => {
  const { code, out, errors } = await convcore(`${call} --epochs 3 --out whole`)
  t.equal(code, 0, errors)
  t.match(errors, /lenet5 on digits: 600 images to train on, 600 to validate with, on c/)
  t.match(errors, /epoch 3\/3 .* accuracy .* validationAccuracy/)
  const results = new Map(cells(out) as [string, string][])
  t.equal(results.get('parameters'), '61706')
  t.ok(Number(results.get('validation.accuracy')) > 0.8, out)
  t.match(text('whole/history.csv'), /^epoch,loss,accuracy,validationLoss,validationAccuracy,seconds\n1,.*\n2,.*\n3,/)
  t.match(json(text('whole/config.json')), { options: { data: 'digits', seed: 7 }, model: { network: 'lenet5' } })
  t.match(text('whole/report.html'), /lenet5 on digits/)
  const metadata = await io.readMetadata(join(folder, 'whole/model.safetensors'))
  t.match(json(metadata['convcore.model']!), { network: 'lenet5', classes: ['0', '1'], channels: 1, size: [28, 28] })
})

t.test('a run that is interrupted saves where it stands, and goes on to the same model', async (t) => {
  const interrupt = (child: { kill: (signal: 'SIGINT') => boolean }, errors: string) => {
    if (/epoch 1\/3/.test(errors)) child.kill('SIGINT')
  }
  const first = await convcore(`${call} --epochs 3 --out cut`, { onError: interrupt })
  t.equal(first.code, 130)
  t.equal(first.out, '')
  t.match(first.errors, /saved cut\/checkpoint-\d+.safetensors; convcore train --resume --out cut goes on\n/)
  t.match(first.errors, /convcore: interrupted by SIGINT\n$/)
  const second = await convcore('train --resume --out cut --json')
  t.equal(second.code, 0, second.errors)
  t.equal(json(second.out).epochs, 3)
  t.same(bytes('cut/model.safetensors'), bytes('whole/model.safetensors'), 'bit for bit')

  const refused = await convcore('train --resume --out cut --epochs 4 --schedule none')
  t.equal(refused.code, 1)
  t.match(refused.errors, /expected a run without a scheduler/)
  t.match(json(text('cut/config.json')), { options: { schedule: 'cosine' } }, 'what is refused is not noted')
})

t.test('a run is not written over by mistake', async (t) => {
  const { code, errors } = await convcore(`${call} --epochs 1 --out whole`)
  t.equal(code, 1)
  t.match(errors, /whole: expected no run there, got one; --resume goes on with it, --overwrite replaces it/)
  const elsewhere = await convcore('train --data nowhere --model lenet5 --overwrite --out whole')
  t.equal(elsewhere.code, 2)
  t.ok(existsSync(join(folder, 'whole/model.safetensors')), 'nor before the new one begins')
  t.equal((await convcore(`${call} --epochs 1 --out cut --overwrite --samples 40 --quiet`)).code, 0)
  t.match(text('cut/history.csv'), /^epoch,.*\n1,.*\n$/)
  t.match((await convcore('train --resume --out nothing')).errors, /nothing: expected a run to go on with, got none/)
})

t.test('eval measures a run, by class and as a confusion matrix', async (t) => {
  const { code, out } = await convcore('eval --model whole --data digits --samples 200 --per-class --confusion')
  t.equal(code, 0)
  const lines = cells(out)
  t.same(lines[0], ['images', '200'])
  const classes = lines.filter(([name]) => name === 'class')
  t.equal(classes.length, 10)
  t.equal(
    classes.reduce((sum, [, , images]) => sum + Number(images), 0),
    200,
  )
  const confusion = lines.filter(([name]) => name === 'confusion').map(([, , ...counts]) => counts.map(Number))
  const right = confusion.reduce((sum, row, i) => sum + row[i]!, 0)
  const accuracy = Number(lines.find(([name]) => name === 'accuracy')![1])
  t.equal(right / 200, accuracy)
  t.ok(accuracy > 0.8)
  const other = json((await convcore('eval --model whole --data digits --samples 200 --json')).out)
  t.ok(Math.abs(Number(other.accuracy) - accuracy) < 1e-4)
  t.ok(Number(other.top5) >= accuracy)
})

t.test('a folder of photos is split, and the model is for its classes', async (t) => {
  await writePhotos(join(folder, 'photos'), 20)
  writeFileSync(join(folder, 'photos/bright/-broken.png'), 'no picture')
  const train = 'train --data photos --model lenet5 --epochs 5 --batch-size 8 --validation 0.25 --augment flip'
  const { code, errors, out } = await convcore(`${train} --workers 1 --out runs/photos --json`)
  t.equal(code, 0, errors)
  t.match(errors, /31 images to train on, 10 to validate with/)
  t.match(errors, /^convcore: warning: DataLoader: sample \d+ is left out: .*-broken.png: expected an image/m)
  t.match(json(out), { history: { length: 5 }, model: join('runs', 'photos', 'model.safetensors') })

  const images = ['photos/dark/3.png', 'photos/bright/4.png', 'photos/none.png']
  const predict = await convcore(['predict', ...images, '--model', 'runs/photos', '--top', '1'])
  t.equal(predict.code, 1)
  t.equal(predict.errors, 'convcore: photos/none.png: no such file or folder\n')
  t.match(cells(predict.out), [
    ['photos/dark/3.png', '1', 'dark', /^[01]\.\d{4}$/],
    ['photos/bright/4.png', '1', 'bright', /^[01]\.\d{4}$/],
  ])
  const read = await convcore('predict - --model runs/photos --json', { input: bytes('photos/dark/3.png') })
  t.match(json(read.out), [{ image: '-', answers: [{ rank: 1, class: 'dark', label: 1 }, { class: 'bright' }] }])
})

t.test('training begins with the weights of another run, whose head is replaced', async (t) => {
  const train = 'train --data photos --model lenet5 --pretrained whole --freeze --epochs 1 --batch-size 8 --out tuned'
  const { code, errors } = await convcore(train)
  t.equal(code, 0, errors)
  t.match(errors, /the head is new/)
  const [before, after] = await Promise.all(
    ['whole', 'tuned'].map((name) => io.loadSafetensors(join(folder, name, 'model.safetensors'))),
  )
  t.same(await after!['features.3.weight']!.data(), await before!['features.3.weight']!.data(), 'features stand still')
  t.same(after!['classifier.5.weight']!.shape, [2, 84])
  t.same(after!['features.0.weight']!.shape, [6, 3, 5, 5], 'for colours')
  const gray = await before!['features.0.weight']!.data()
  const spread = await after!['features.0.weight']!.sum(1).data()
  t.ok(
    gray.every((value, i) => Math.abs(value - spread[i]!) < 1e-5),
    'a grey image gives the same as before',
  )
})

t.test('whoever reads may leave early', async (t) => {
  const { code, errors } = await convcore(`${call} --epochs 1 --out left --quiet`, {
    onError: (child) => child.stdout?.destroy(),
  })
  t.equal(code, 0)
  t.notMatch(errors, /EPIPE/)
  t.ok(existsSync(join(folder, 'left/model.safetensors')))
})

t.test('a run is watched in a browser and in TensorBoard', async (t) => {
  let page: Promise<number> | undefined
  const visit = (_child: unknown, errors: string) => {
    const [, url] = /dashboard: (http:\/\/127\.0\.0\.1:\d+\/\S+)/.exec(errors) ?? []
    if (url) page ??= fetch(url).then(({ status }) => status)
  }
  const { code, errors } = await convcore(`${call} --epochs 2 --out watched --dashboard --tensorboard`, {
    onError: visit,
  })
  t.equal(code, 0, errors)
  t.equal(await page, 200)
  const [file] = readdirSync(join(folder, 'watched/tensorboard'))
  const events = bytes(`watched/tensorboard/${file!}`).toString('latin1')
  for (const tag of ['accuracy', 'PNG']) t.match(events, tag)
  t.notMatch(text('watched/config.json'), /dashboard|tensorboard/)
})
