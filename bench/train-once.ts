// Some steps of training in a fresh process, then the peak of resident memory in KiB.
// node train-once.js NETWORK STEPS
import { readFileSync } from 'node:fs'
import { scope, sync } from 'convcore'
import { cases } from './cases.js'
import { training } from './models.js'

const [name, steps] = process.argv.slice(2)
const { step } = training(
  cases.train.find((row) => row.name === name)!,
  'cpu:0',
)
for (let i = 0; i < Number(steps); i++) scope(step!)
await sync()
// Not getrusage's, which counts the process that started this one before it became another program.
console.log(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1])
