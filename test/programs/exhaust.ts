// Fills the memory of a GPU and goes on. Prints what happened.
import { cuda, ones, zeros } from 'convcore'

const total = cuda.properties('cuda').totalMemory
const kept = ones([1000], { device: 'cuda' })
const elements = (bytes: number) => [Math.floor(bytes / 4)]

// Cached after dispose(), in a block of this size; the next is larger and needs the memory of both.
const half = elements(total * 0.55)
zeros(half, { device: 'cuda' }).dispose()
const larger = zeros(elements(total * 0.8), { device: 'cuda' })
const reused = larger.size > half[0]!

let error = ''
try {
  zeros(half, { device: 'cuda' })
} catch (caught) {
  const { name, code, message } = caught as Error & { code: string }
  error = `${name} ${code} ${message}`
}
console.log(JSON.stringify({ error, reused, sum: await kept.sum().item() }))
