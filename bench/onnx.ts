import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Peer } from './peer.js'
import { torchProgram } from './pytorch.js'

export interface OnnxOptions {
  /** Folder in which onnxruntime-node is installed. */
  ort: string
  /** Has PyTorch and onnx: the networks are exported by the one from its twins of ours. */
  python: string
  /** Folder for the exported networks. */
  models: string
  threads: number
  /** Milliseconds per figure. */
  budget: number
}

/** onnxruntime-node in a process of its own; undefined where `ort` does not have it. */
export async function startOnnx({ ort, python, models, threads, budget }: OnnxOptions): Promise<Peer | undefined> {
  try {
    createRequire(join(resolve(ort), 'package.json')).resolve('onnxruntime-node')
  } catch {
    return undefined
  }
  const { status } = spawnSync(python, [...torchProgram('export_onnx.py'), models], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`bench: ${python} could not export the networks: are torch and onnx installed?`)
  const program = fileURLToPath(new URL('onnx-serve.js', import.meta.url))
  const settings = { ort, models, threads, budget }
  const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  return Peer.start(process.execPath, [program, ...words])
}
