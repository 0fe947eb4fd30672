// dist/: the compiled library in few files, since Node takes a millisecond for each. What is loaded by
// address is an entry: threads, and the native layer by those who try to misuse it. So are the program, whose commands are
// loaded when they are called, and the dashboard, which brings a page for browsers.
import { chmod, copyFile, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { rollup } from 'rollup'

const compiled = fileURLToPath(new URL('../build/lib/', import.meta.url))
const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const entries = {
  index: 'index',
  native: 'native',
  worker: 'data/workers/worker',
  remake: 'data/workers/remake',
  cli: 'cli/main',
  photos: 'cli/photos',
  dashboard: 'dashboard/index',
}
const ofProgram = (id) => id.startsWith(`${compiled}cli/`)
const ofDashboard = (id) => id.startsWith(`${compiled}dashboard/`)

/** The maps that the compiler wrote, so that stacks lead into the sources. */
const maps = {
  name: 'maps',
  async load(id) {
    return { code: await readFile(id, 'utf8'), map: await readFile(`${id}.map`, 'utf8') }
  },
}

const bundle = await rollup({
  input: Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, `${compiled}${path}.js`])),
  external: (id) => !id.startsWith('.') && !id.startsWith('/'),
  plugins: [maps],
  treeshake: false, // modules add methods to others' classes
  onLog(level, { code, message }) {
    // Ops and tensors refer to each other; the compiler's helper for `using` looks for one on `this`.
    if (code === 'CIRCULAR_DEPENDENCY' || code === 'THIS_IS_UNDEFINED') return
    throw new Error(message)
  },
})
const { output } = await bundle.write({
  dir: dist,
  sourcemap: true,
  chunkFileNames: ({ moduleIds }) => (moduleIds.some(ofProgram) ? 'cli-[name].js' : '[name].js'),
  manualChunks: (id) => (id.endsWith('/worker.js') || ofProgram(id) || ofDashboard(id) ? undefined : 'convcore'),
})
await bundle.close()
await chmod(`${dist}cli.js`, 0o755)

// A class is printed under its name, so no other module may force another one on it.
for (const { fileName, code = '' } of output) {
  const renamed = code.match(/^class \w+\$\d+/m)
  if (renamed) throw new Error(`${fileName}: ${renamed[0]} has the name of another class or function`)
}

const page = await rollup({ input: fileURLToPath(new URL('../build/page/page/main.js', import.meta.url)) })
await page.write({ file: `${dist}dashboard/page/main.js` })
await page.close()
for (const name of ['index.html', 'style.css', 'parts.css'])
  await copyFile(new URL(`../lib/dashboard/page/${name}`, import.meta.url), `${dist}dashboard/page/${name}`)
