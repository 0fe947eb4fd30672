import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const build = fileURLToPath(new URL('../../CMakeFiles/', import.meta.url))
const objects = existsSync(build)
  ? readdirSync(build, { recursive: true, encoding: 'utf8' }).filter((path) =>
      /^cpu_(avx2|avx512)\.dir.*\.o$/.test(path),
    )
  : []

// A function template of the standard library that is not inlined is merged with its twins by the linker. The one that
// stays may be the one compiled for a newer processor.
t.test(
  'the kernels of an instruction set define nothing that the linker could put in another one’s place',
  { skip: objects.length === 0 && 'there are no object files here' },
  (t) => {
    const { stdout } = spawnSync('nm', ['-C', '--defined-only', ...objects], { cwd: build, encoding: 'utf8' })
    const shared = stdout
      .split('\n')
      .filter((line) => / [WVu] /.test(line) && !line.includes('DW.ref.__gxx_personality'))
    t.same(shared, [])
    t.match(stdout, /convcore::cpu::avx2::conv/)
    t.end()
  },
)
