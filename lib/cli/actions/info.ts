import os from 'node:os'
import type { InfoOptions } from '../commands/info.js'
import { print, printJson, printPairs, type Cell } from '../output.js'
import { version } from '../program.js'
import { setVariables } from '../variables.js'
import { type Addon, openAddon } from '../addon.js'
import { bytes, instructionSets, libc, memoryLimit, nvidiaDriver, system, threadsReason } from '../machine.js'

/** Prints what there is; fails where the addon does not load. */
export async function info({ json }: InfoOptions): Promise<void> {
  const addon = await openAddon()
  const facts = factsOf(addon)
  if (json) printJson(facts)
  else printPairs(pairsOf(facts))
  if (!json && process.stdout.isTTY && addon.error) print('convcore doctor says what helps')
  if (addon.error) process.exitCode = 1
}

type Facts = ReturnType<typeof factsOf>

function factsOf(addon: Addon) {
  const { library } = addon
  const { isa, threads } = library?.info() ?? {}
  return {
    versions: { convcore: version, node: process.versions.node, napi: process.versions.napi },
    system: { name: system(), kernel: os.release(), platform: `${process.platform}-${process.arch}`, libc: libc() },
    cpu: {
      model: os.cpus()[0]?.model.trim(),
      processors: os.cpus().length,
      instructionSets: instructionSets(),
      isa,
      forced: process.env.CONVCORE_ISA,
      threads,
      threadsReason: threads === undefined ? undefined : threadsReason(threads),
    },
    memory: { total: os.totalmem(), limit: memoryLimit() },
    addon: { path: addon.path, candidates: addon.candidates, error: addon.error },
    cuda: cudaOf(addon),
    device: deviceOf(addon),
    environment: setVariables(),
  }
}

function cudaOf({ library }: Addon) {
  const { kernel, library: loader } = nvidiaDriver()
  const cuda = library?.cuda
  const devices = Array.from({ length: cuda?.deviceCount() ?? 0 }, (_, i) => cuda!.properties(`cuda:${i}`))
  return {
    available: devices.length > 0,
    reason: cuda?.unavailableReason(),
    driver: { kernel, loader },
    devices,
    libraries: devices[0]?.libraries ?? [],
  }
}

function deviceOf({ library }: Addon) {
  if (!library) return { auto: undefined, reason: 'the addon does not load' }
  const { cuda } = library
  if (cuda.isAvailable()) return { auto: 'cuda:0', reason: `a GPU that works: ${cuda.properties().name}` }
  return { auto: 'cpu', reason: `no GPU: ${cuda.unavailableReason()}` }
}

function pairsOf({ versions, system, cpu, memory, addon, cuda, device, environment }: Facts): [string, Cell][] {
  const pairs: [string, Cell | undefined][] = [
    ['convcore', versions.convcore],
    ['node', `${versions.node}, Node-API ${versions.napi}`],
    ['system', [system.name, system.kernel, system.platform, system.libc].filter(Boolean).join(', ')],
    ['cpu', `${cpu.model}, ${cpu.processors} processors`],
    ['cpu.instructions', instructionsOf(cpu)],
    ['cpu.threads', cpu.threads && `${cpu.threads}: ${cpu.threadsReason}`],
    ['memory', bytes(memory.total) + (memory.limit ? `, limit ${bytes(memory.limit)}` : '')],
    ['addon', addon.error ? `does not load: ${addon.error}` : addon.path],
    ...addon.candidates.filter((path) => path !== addon.path).map((path): [string, Cell] => ['addon.other', path]),
    ['cuda', cuda.available ? 'works' : (cuda.reason ?? 'not asked: the addon does not load')],
    ['cuda.driver', [cuda.driver.kernel, cuda.driver.loader].filter(Boolean).join('; ')],
    ...cuda.devices.map((gpu, i): [string, Cell] => [`cuda:${i}`, gpuOf(gpu)]),
    ...cuda.libraries.map(({ name, version, path, reason }): [string, Cell] => [
      `cuda.${name}`,
      reason ? `not used: ${reason}` : `${version} in ${path}`,
    ]),
    ['device auto', `${device.auto ?? 'none'}: ${device.reason}`],
    ...Object.entries(environment),
  ]
  return pairs.filter((pair): pair is [string, Cell] => pair[1] !== undefined)
}

function instructionsOf({ isa, forced, instructionSets }: Facts['cpu']): string | undefined {
  const known = instructionSets ? ` of ${instructionSets.join(', ')}` : ''
  return isa && `${isa}${known}${forced ? `, forced by CONVCORE_ISA=${forced}` : ''}`
}

const gpuOf = (gpu: Facts['cuda']['devices'][number]): string =>
  [
    gpu.name,
    `${bytes(gpu.totalMemory)}, ${bytes(gpu.freeMemory)} free`,
    `compute capability ${gpu.capability.join('.')}`,
    `${gpu.processors} multiprocessors`,
    `driver for CUDA ${gpu.driver}, runtime ${gpu.runtime}`,
    ...(gpu.emulated ? ['emulated'] : []),
  ].join(', ')
