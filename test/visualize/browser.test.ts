import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { data, nn, rand, type train, visualize } from 'convcore'
import { contrast, fits, launch, LOOKS, noBrowser, ofElement, open } from '../browser.js'

const history: train.EpochRecord[] = [3, 2, 1].map((loss, i) => ({
  epoch: i + 1,
  loss,
  accuracy: 1 - loss / 10,
  validationLoss: loss + 0.1,
  validationAccuracy: 0.9 - loss / 10,
  seconds: 1.5,
}))

t.test('a report looks right in light, in dark and on a telephone', { skip: noBrowser }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'convcore-'))
  const browser = await launch()
  t.teardown(async () => {
    await browser.close()
    await rm(folder, { recursive: true })
  })
  const path = join(folder, 'run.html')
  const digits = data.digits({ count: 10 })
  const report = visualize.report({
    title: 'Digits',
    history,
    learningRates: [0.1, 0.01, 0.001],
    confusion: Array.from({ length: 10 }, (_, i) => Array.from({ length: 10 }, (_, j) => (i === j ? 40 : i))),
    summary: nn.summary(new nn.Sequential(new nn.Conv2d(1, 4, 3)), [1, 28, 28]),
    settings: { note: 'long '.repeat(100), path: 'a'.repeat(300) },
    pictures: { samples: await visualize.showGrid(digits), noise: await visualize.image(rand([3, 8, 8])) },
  })
  await report.save(path)
  const backgrounds: string[] = []
  for (const [look, options] of Object.entries(LOOKS)) {
    const { page, complaints, outside } = await open(browser, pathToFileURL(path).href, options)
    t.ok(await fits(page), `${look}: nothing is wider than the window`)
    for (const text of ['h1', 'td', 'th', 'pre']) t.ok((await contrast(page, text)) >= 4.5, `${look}: ${text} can be read`) // prettier-ignore
    for (const name of ['Curves: loss', 'Curves: accuracy', 'Learning rate', 'Confusion matrix', 'samples', 'noise']) {
      const shown = await page.getByRole('img', { name, exact: true }).boundingBox()
      t.ok(shown && shown.width >= 280 && shown.height >= 140, `${look}: ${name} is large enough`)
      t.ok(await ofElement<boolean>(page, `img[alt="${name}"]`, 'return element.naturalWidth > 0'), name)
    }
    const name = await page.getByRole('cell', { name: 'note', exact: true }).boundingBox()
    t.ok(name!.width > 40, `${look}: a long value leaves its name room`)
    backgrounds.push(await ofElement(page, 'body', 'return getComputedStyle(element).backgroundColor'))
    t.same([complaints, outside], [[], []], look)
    await page.close()
  }
  t.same(backgrounds, ['rgb(255, 255, 255)', 'rgb(22, 25, 29)', 'rgb(255, 255, 255)'])
})
