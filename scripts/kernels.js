// Writes lib/kernels.ts, the types of the native kernels, from native/ops.def. `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs'

const registry = new URL('../native/ops.def', import.meta.url)
const target = new URL('../lib/kernels.ts', import.meta.url)

const TYPES = { int64_t: 'number', double: 'number', Ins: 'readonly Handle[]', InOuts: 'readonly Handle[]' }

function parameter(text) {
  const match = /^(?:const )?(\w+)&? (\w+)$/.exec(text.trim())
  if (!match) throw new Error(`ops.def: cannot read the parameter "${text}"`)
  const [, type, name] = match
  if (type in TYPES) return `${name}: ${TYPES[type]}`
  return `${name}: ${/^(Opt)?(Wide|Index|Byte|Any|Cast)?(In|Out|InOut)$/.test(type) ? 'Handle' : 'Geometry'}`
}

const ops = [...readFileSync(registry, 'utf8').matchAll(/^OP\((\w+), \((.*?)\), \(.*\)\)$/gm)]
const result = (signature) => (/\bOut /.test(signature) ? 'Handle' : 'void')
const lines = ops.map(
  ([, name, signature]) =>
    `  readonly ${name}: (${signature.split(',').map(parameter).join(', ')}) => ${result(signature)}`,
)
const text = `// Generated from native/ops.def by scripts/kernels.js.

/** A native tensor. 0 stands for an optional tensor that is absent, or for a result that the call is to make and return. */
export type Handle = number

/** What pack() returns: geometry staged for the call it is an argument of. */
export type Geometry = number & { readonly staged: unique symbol }

/** One function per op: checks its operands against the geometry and enqueues the kernel. */
export interface Kernels {
${lines.join('\n')}
}
`
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error('lib/kernels.ts is stale: run npm run kernels')
    process.exit(1)
  }
} else {
  writeFileSync(target, text)
}
