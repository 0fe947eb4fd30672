import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import ts from 'typescript'

const root = new URL('../../../', import.meta.url)
const folder = fileURLToPath(new URL('build/readme/', root))
const base = fileURLToPath(new URL('tsconfig.base.json', root))

const readme = readFileSync(new URL('README.md', root), 'utf8')
const blocks = Array.from(readme.matchAll(/```ts\n(.*?)```/gs), ([, code]) => code!)

t.before(() => mkdirSync(folder, { recursive: true }))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

t.test('the README has examples', (t) => {
  t.equal(blocks.length, 10)
  t.end()
})

for (const [i, code] of blocks.entries())
  t.test(`README example ${i + 1} type-checks and runs`, (t) => {
    const file = `${folder}example${i}.mts`
    writeFileSync(file, code)
    const { options } = ts.convertCompilerOptionsFromJson(
      (ts.readConfigFile(base, (path) => ts.sys.readFile(path)).config as { compilerOptions: object }).compilerOptions,
      fileURLToPath(root),
    )
    const program = ts.createProgram([file], {
      ...options,
      composite: false,
      incremental: false,
      rootDir: folder,
      outDir: folder,
    })
    const problems = ts.getPreEmitDiagnostics(program)
    t.same(
      problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
      [],
    )
    program.emit()
    const { status, stderr } = spawnSync(process.execPath, [file.replace('.mts', '.mjs')], {
      cwd: folder,
      encoding: 'utf8',
    })
    t.equal(status, 0, stderr)
    t.end()
  })
