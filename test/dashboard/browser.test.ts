import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import t from 'tap'
import type { Browser } from 'playwright-core'
import { data } from 'convcore'
import { dashboard } from 'convcore/dashboard'
import { contrast, fits, launch, LOOKS, noBrowser, ofElement, open } from '../browser.js'
import { trainDigits } from './page.js'

const skip = noBrowser
let browser: Browser

t.before(async () => {
  if (!skip) browser = await launch()
})
t.teardown(() => browser?.close())

t.test('the page follows a run, and looks right in light, in dark and on a telephone', { skip }, async (t) => {
  const samples = data.digits({ count: 30, split: 'test' })
  await using board = await dashboard({ title: 'Digits <b>&', samples, sampleCount: 6, featureMaps: ['0', '1'] })
  const pages = await Promise.all(Object.values(LOOKS).map((look) => open(browser, board.url, look)))
  const { page: first } = pages[0]!
  await first.getByText('Waiting', { exact: true }).waitFor()
  await trainDigits([board], { epochs: 3 })
  for (const [i, { page, complaints, outside }] of pages.entries()) {
    const look = Object.keys(LOOKS)[i]!
    await page.getByText('Finished', { exact: true }).waitFor()
    await page.getByRole('heading', { name: 'Digits <b>&' }).waitFor()
    t.equal(await page.title(), 'Digits <b>&')
    for (const title of ['Loss', 'Accuracy', 'Learning rate', 'Memory'])
      await page.getByRole('img', { name: new RegExp(`^${title}: `) }).waitFor()
    await page.getByText('3 / 3', { exact: true }).waitFor()
    await page.getByRole('img', { name: /^\d, answered (right|\d)$/ }).nth(5).waitFor() // prettier-ignore
    await page.getByRole('img', { name: 'Feature maps of layer 1' }).waitFor()
    t.equal(await page.getByRole('row').filter({ hasText: 'optimizer' }).textContent(), 'optimizerAdam')
    t.equal(await page.locator('.matrix tr').count(), 11)
    t.ok(await fits(page), `${look}: nothing is wider than the window`)
    for (const text of [
      'h1',
      'h2 small',
      'dt',
      '.note',
      '#state',
      '.key',
      'svg text',
      '.answer',
      '.settings th',
      'pre',
    ])
      t.ok((await contrast(page, text)) >= 4.5, `${look}: ${text} can be read`)
    t.same([complaints, outside], [[], []], look)
  }
  const dark = await contrast(pages[1]!.page, 'h1')
  t.ok(dark > 10 && (await pages[1]!.page.evaluate('getComputedStyle(document.body).backgroundColor')) === 'rgb(20, 23, 27)') // prettier-ignore
  await Promise.all(pages.map(({ page }) => page.close()))
})

t.test('samples are drawn pixel by pixel', { skip }, async (t) => {
  const samples = data.digits({ count: 3, split: 'test' })
  await using board = await dashboard({ samples })
  await trainDigits([board], { epochs: 1 })
  const { page } = await open(browser, board.url)
  await page.locator('#samples canvas').nth(2).waitFor()
  const drawn = await ofElement<number[]>(
    page,
    '#samples figure:nth-child(3) canvas',
    `return [...element.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0)`,
  )
  const [image] = samples.get(2)
  t.same(drawn, [...(await image.mul(255).add(0.5).data())].map(Math.floor)) // prettier-ignore
  await page.close()
})

t.test('a pointer is told the values, and orders of magnitude can be chosen', { skip }, async (t) => {
  await using board = await dashboard()
  const { history } = await trainDigits([board])
  const { page } = await open(browser, board.url, LOOKS.light)
  const chart = page.locator('article').filter({ has: page.getByRole('heading', { name: 'Loss' }) })
  const svg = chart.getByRole('img')
  await svg.waitFor()
  const { width } = (await svg.boundingBox())!
  await svg.hover({ position: { x: width - 16, y: 60 } })
  const tip = chart.locator('.tip')
  t.match(await tip.textContent(), /^step 10training [\d.]+validation [\d.]+$/)
  t.match(await tip.textContent(), `validation ${Number(history.at(-1)!.validationLoss!.toPrecision(4))}`)
  const ticks = () => chart.locator('svg text').allTextContents()
  const before = await ticks()
  await chart.getByLabel('log').check()
  t.not((await ticks()).join(), before.join())
  await page.mouse.move(1, 1)
  t.equal(await tip.isVisible(), false)
  await page.close()
})

t.test('a page whose program ends says so, and keeps what it has', { skip }, async (t) => {
  const program = `
    import { dashboard } from 'convcore/dashboard'
    const board = await dashboard({ title: 'Short' })
    console.log(board.url)
    await new Promise((resolve) => process.stdin.once('data', resolve))
    process.exit()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [url] = (await once(child.stdout, 'data')) as [Buffer]
  const { page } = await open(browser, url.toString().trim())
  await page.getByText('Waiting', { exact: true }).waitFor()
  child.stdin.write('end\n')
  await page.getByText('Connection lost', { exact: true }).waitFor()
  t.equal(await page.getByRole('heading', { name: 'Short' }).count(), 1)
  t.match(await page.getByRole('alert').textContent(), /has ended/)
  await page.close()
})

t.test('a page whose connection breaks comes back for everything', { skip }, async (t) => {
  await using board = await dashboard()
  const { pathname, port } = new URL(board.url)
  // As by ssh -L: a port of its own, and connections that break.
  const sockets = new Set<Socket>()
  let broken = false
  const between = createServer((socket) => {
    if (broken) return socket.destroy()
    const onward = connect(Number(port), '127.0.0.1')
    socket.pipe(onward).pipe(socket)
    for (const each of [socket, onward]) sockets.add(each.on('error', () => each.destroy()))
  }).listen(0, '127.0.0.1')
  await once(between, 'listening')
  const { page } = await open(browser, `http://127.0.0.1:${(between.address() as AddressInfo).port}${pathname}`)
  await page.getByText('Waiting', { exact: true }).waitFor()
  broken = true
  for (const socket of sockets) socket.destroy()
  await page.getByText('Connection lost', { exact: true }).waitFor()
  await trainDigits([board])
  broken = false
  await page.getByText('Finished', { exact: true }).waitFor()
  await page.getByText('2 / 2', { exact: true }).waitFor()
  t.ok(await page.getByRole('img', { name: /^Loss: training [\d.]+, validation/ }).isVisible())
  await page.close()
  between.close()
  for (const socket of sockets) socket.destroy()
})
