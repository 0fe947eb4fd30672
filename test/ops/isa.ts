import { spawnSync } from 'node:child_process'
import t from 'tap'

/** Runs a test file again on the lesser instruction sets, each in a process of its own. */
export function onEveryIsa(file: string): void {
  t.jobs = 2
  for (const isa of process.env.CONVCORE_ISA ? [] : ['generic', 'avx2']) {
    const env = { ...process.env, CONVCORE_ISA: isa, CONVCORE_THREADS: '1' }
    const tried = spawnSync(process.execPath, ['-e', "import('convcore')"], { env, encoding: 'utf8' })
    if (tried.stderr.includes('CONVCORE_ISA')) t.pass(isa, { skip: 'this processor lacks it' })
    else void t.spawn(process.execPath, [file], { env, buffered: true }, isa)
  }
}
