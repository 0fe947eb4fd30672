import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Example } from '../examples/example.js'
import { names } from '../examples/names.js'

const root = new URL('../../../', import.meta.url)
const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md']
  .concat(readdirSync(new URL('docs/', root)).map((file) => `docs/${file}`))
  .filter((file) => file.endsWith('.md'))

const read = (page: string): string => readFileSync(new URL(page, root), 'utf8')

/** The anchors of a page's headings, as they are made on GitHub. */
const anchors = (text: string): string[] =>
  Array.from(text.matchAll(/^#+ (.*)$/gm), ([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- ]/gu, '')
      .replaceAll(' ', '-'),
  )

for (const page of pages)
  t.test(`links in ${page} lead to files and headings that there are`, (t) => {
    for (const [, link] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^\w+:/.test(link!)) continue
      const target = new URL(link!, new URL(page, root))
      const heading = decodeURIComponent(target.hash.slice(1))
      target.hash = ''
      const found = existsSync(target)
      t.ok(found, link!)
      if (found && heading) t.ok(anchors(readFileSync(target, 'utf8')).includes(heading), link!)
    }
    t.end()
  })

/** The rows of docs/lectures.md: cells by the name of the row. */
const lectures = Array.from(
  read('docs/lectures.md').matchAll(/^\| (L\d+\.\d+) *\| (.*?) *\| (.*?) *\| (.*?) *\| \[([\w-]+)\]\((\S+)\) *\|$/gm),
  ([, row, what, required, figure, name, link]) => ({
    row: row!,
    what: what!,
    required: required!,
    figure: figure!,
    name: name!,
    link: link!,
  }),
)

t.test('every row of the lectures stands once, in order', (t) => {
  const counts = { L1: 13, L2: 12, L3: 6, L4: 12, L5: 13 }
  t.same(
    lectures.map(({ row }) => row),
    Object.entries(counts).flatMap(([deck, n]) => Array.from({ length: n }, (_, i) => `${deck}.${i + 1}`)),
  )
  for (const { row, what } of lectures) t.ok(what, row)
  t.end()
})

t.test('a row is shown by a test, or by a program that judges it as it stands', async (t) => {
  const programs = lectures.filter(({ name }) => name !== 'test')
  for (const { row, name, link } of lectures)
    t.match(link, name === 'test' ? /^\.\.\/test\/.*\.test\.ts$/ : `../examples/${name}.ts`, row)
  const judged: { row: string; name: string; required: string }[] = []
  for (const name of names) {
    const { rows } = (await import(`../examples/${name}.js`)) as Example
    judged.push(...rows.map(({ row, required }) => ({ row, name, required })))
  }
  const byRow = (a: { row: string }, b: { row: string }) => (a.row < b.row ? -1 : 1)
  t.same(programs.map(({ row, name, required }) => ({ row, name, required })).sort(byRow), judged.sort(byRow))
})

t.test('what programs showed at full length is what they wrote then, and it held', (t) => {
  const written = JSON.parse(read('docs/lectures.json')) as { row: string; figure: string; held: boolean }[]
  for (const { row, held } of written) t.equal(held, true, row)
  t.same(
    Object.fromEntries(lectures.filter(({ name }) => name !== 'test').map(({ row, figure }) => [row, figure])),
    Object.fromEntries(written.map(({ row, figure }) => [row, figure])),
  )
  t.end()
})

t.test('the page of the lectures starts every program', (t) => {
  const started = Array.from(read('docs/lectures.md').matchAll(/^npm run example -- (\S+)/gm), ([, name]) => name)
  t.same(started.sort(), [...names].sort())
  t.end()
})

t.test('every page is reached from the README', (t) => {
  const links = pages.flatMap((page) =>
    Array.from(read(page).matchAll(/\]\(([^)\s#]+)/g), ([, link]) =>
      fileURLToPath(new URL(link!, new URL(page, root))),
    ),
  )
  for (const page of pages.slice(1)) t.ok(links.includes(fileURLToPath(new URL(page, root))), page)
  t.end()
})

t.test('the tables of measurements are those of the results', (t) => {
  const script = fileURLToPath(new URL('scripts/comparison.js', root))
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
  t.equal(status, 0, stderr)
  t.end()
})
