// The code in README.md and docs/. Blocks of a page are one program, until one with imports begins another; programs of a page
// run one after the other in one process. ```ts PATH quotes a file of the repository; ```js NAME is a file beside the programs.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import ts from 'typescript'

const root = new URL('../../../', import.meta.url)
const folder = fileURLToPath(new URL('build/pages/', root))
const base = fileURLToPath(new URL('tsconfig.base.json', root))
/** Those that have code which runs; a page that loses its last block would otherwise pass unseen. */
const guides = 'data deploying extending getting-started gpu memory models pytorch saving tfjs training'
const running = ['README.md', ...guides.split(' ').map((name) => `docs/${name}.md`)]
const names = ['README.md', 'CONTRIBUTING.md', ...readdirSync(new URL('docs/', root)).map((name) => `docs/${name}`)]
const pages = names.filter((name) => name.endsWith('.md')).map(readPage)

interface Block {
  language: string
  file: string
  code: string
}

function readPage(name: string) {
  const text = readFileSync(new URL(name, root), 'utf8')
  const blocks = Array.from(
    text.matchAll(/^ *```(\w+)(?: (\S+))?\n(.*?)^ *```$/gms),
    ([, language, file = '', code]): Block => ({ language: language!, file, code: code! }),
  )
  const isQuote = ({ file }: Block) => file !== '' && existsSync(new URL(file, root))
  const programs: string[] = []
  for (const { code } of blocks.filter(({ language, file }) => language === 'ts' && !file))
    programs.push(/^import /m.test(code) || !programs.length ? code : `${programs.pop()!}\n${code}`)
  return {
    name,
    folder: `${folder}${name.replace(/^docs\/|\.md$/g, '')}/`,
    programs,
    quotes: blocks.filter(isQuote),
    files: blocks.filter((block) => block.file && !isQuote(block)),
  }
}

t.setTimeout(300_000) // a type check and a process for each page, on a busy machine

t.before(() => {
  for (const { folder, programs, files } of pages) {
    mkdirSync(folder, { recursive: true })
    for (const [i, code] of programs.entries()) writeFileSync(`${folder}program${i + 1}.mts`, code)
    for (const { file, code } of files) writeFileSync(`${folder}${file}`, code)
  }
})
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

t.test('the pages that show code are those that there are', (t) => {
  const found = pages.filter(({ programs }) => programs.length).map(({ name }) => name)
  t.same(found.sort(), running.sort())
  t.end()
})

t.test('code that is quoted stands in the file named', (t) => {
  for (const { name, quotes } of pages)
    for (const { file, code } of quotes)
      t.ok(readFileSync(new URL(file, root), 'utf8').includes(code), `${name}: ${file}`)
  t.end()
})

t.test('all programs type-check', (t) => {
  const { options } = ts.convertCompilerOptionsFromJson(
    (ts.readConfigFile(base, (path) => ts.sys.readFile(path)).config as { compilerOptions: object }).compilerOptions,
    fileURLToPath(root),
  )
  const files = pages.flatMap(({ folder, programs }) => programs.map((_, i) => `${folder}program${i + 1}.mts`))
  const program = ts.createProgram(files, {
    ...options,
    composite: false,
    incremental: false,
    rootDir: folder,
    outDir: folder,
  })
  const problems = ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0
    return `${file?.fileName.slice(folder.length)}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
  t.same(problems, [])
  program.emit()
  t.end()
})

for (const { name, folder, programs } of pages.filter(({ programs }) => programs.length))
  t.test(`the code in ${name} runs`, (t) => {
    const all = programs.map((_, i) => `await import('./program${i + 1}.mjs')\n`).join('')
    writeFileSync(`${folder}all.mjs`, all)
    const { status, stderr } = spawnSync(process.execPath, ['--enable-source-maps', 'all.mjs'], {
      cwd: folder,
      encoding: 'utf8',
      // As on a machine that has no data sets and no network.
      env: { ...process.env, CONVCORE_DATA: '', CONVCORE_CACHE: `${folder}cache`, CONVCORE_OFFLINE: '1' },
    })
    t.equal(status, 0, stderr)
    t.end()
  })
