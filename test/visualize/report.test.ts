import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { nn, rand, type train, visualize } from 'convcore'

const history: train.EpochRecord[] = [
  { epoch: 1, loss: 2.5, validationLoss: 2.25, seconds: 1.5 },
  { epoch: 2, loss: 1.125, validationLoss: 1.0625, seconds: 1.5 },
]
const EVIL = "\"><script>alert('x')</script>&"

const everything = async () =>
  visualize.report({
    title: `Digits ${EVIL}`,
    history,
    learningRates: [0.1, 0.05],
    confusion: [[13, 1], [2, 47]], // prettier-ignore
    classes: ['cat', EVIL],
    summary: nn.summary(new nn.Sequential(new nn.Linear(4, 2)), [4]),
    results: { accuracy: 0.98765432, [EVIL]: 1 },
    settings: { lr: 0.1, layers: [4, 2], note: EVIL, device: undefined },
    pictures: { [EVIL]: await visualize.image(rand([3, 4, 4])) },
  })

/** The pictures in a page, as SVG. */
const picturesIn = (html: string): string[] =>
  [...html.matchAll(/src="data:image\/svg\+xml;base64,([^"]*)"/g)].map(([, text]) => Buffer.from(text!, 'base64').toString()) // prettier-ignore

t.test('a report is one page with figures, curves, confusion matrix, pictures and model', async (t) => {
  const html = await (await everything()).html()
  t.match(html, /^<!doctype html>/)
  for (const heading of ['Results', 'Settings', 'Curves', 'Confusion matrix', 'Epochs', 'Model'])
    t.match(html, `<h2>${heading}</h2>`)
  t.match(html, '<tr><td>accuracy</td><td>0.98765</td></tr>')
  t.match(html, '<tr><td>layers</td><td>[4,2]</td></tr>')
  t.match(html, '<tr><td>1</td><td>2.5</td><td>2.25</td><td>1.5</td></tr>')
  t.match(html, /Linear/)
  const [loss, rate, confusion, image] = picturesIn(html)
  t.match(loss, '>validation<')
  t.match(rate, '>learning rate<')
  t.match(confusion, '>47<')
  t.match(image, 'data:image/png;base64,')
})

t.test('a report loads nothing from outside, and runs nothing', async (t) => {
  const html = await (await everything()).html()
  t.match(html, `content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"`)
  for (const text of [html, ...picturesIn(html)]) {
    const addresses = [...text.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, address]) => address!)
    t.ok(addresses.every((address) => address.startsWith('data:') || address.startsWith('#')))
    t.notMatch(text, /<script|url\(\s*['"]?http|@import|<iframe|<link/i)
    t.notMatch(text.replaceAll('&quot;', ''), /alert\('x'\)/)
  }
})

t.test('what is not given is left out', async (t) => {
  const html = await visualize.report({ title: 'Nothing' }).html()
  t.match(html, '<h1>Nothing</h1>')
  t.notMatch(html, '<section>')
})

t.test('save writes the page', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'convcore-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const path = join(folder, 'runs', 'a.html')
  await visualize.report({ title: 'A', history }).save(path)
  t.match(await readFile(path, 'utf8'), /<title>A<\/title>/)
})

t.test('misuse is explained', (t) => {
  t.throws(() => visualize.report({} as never), { name: 'TypeError', message: /expected a title, got undefined/ })
  t.throws(() => visualize.report({ title: 'A', pictures: { cat: 'cat.png' as never } }), {
    name: 'TypeError',
    message: /'cat' to be a picture, got "cat.png"/,
  })
  t.end()
})

t.test('without echarts or sharp, errors say what to install, and the terminal needs neither', (t) => {
  const hook = `export async function resolve(name, context, next) {
    if (/^(sharp|echarts)/.test(name)) throw Object.assign(new Error('missing'), { code: 'ERR_MODULE_NOT_FOUND' })
    return next(name, context)
  }`
  const program = `
    import { register } from 'node:module'
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}))
    const { rand, visualize } = await import('convcore')
    const tell = ({ code, message }) => console.log(code, message)
    const chart = visualize.plot({ series: [{ name: 'a', points: [[0, 1], [1, 2]] }] })
    await chart.svg().catch(tell)
    const image = await visualize.image(rand([4, 4]))
    await image.png().catch(tell)
    console.log(chart.text().length > 0 && image.text().length > 0)`
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  t.match(printed, /^ERR_MODULE_NOT_FOUND visualize: charts need the package echarts, which is not installed: run `npm install echarts`\n/) // prettier-ignore
  t.match(printed, /ERR_MODULE_NOT_FOUND vision: images need the package sharp, .*: run `npm install sharp`\ntrue\n$/)
  t.end()
})
