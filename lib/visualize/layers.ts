import { describe } from '../errors.js'
import { type HookHandle } from '../hooks.js'
import { isModule, ownModules } from '../nn/members.js'
import { inMode } from '../nn/mode.js'
import type { Module } from '../nn/module.js'
import { Tensor } from '../tensor.js'

/** A layer by its path in the model, as `namedModules` gives it, or itself. */
export type LayerLike = string | Module

/** @throws {RangeError} when the model has no such layer, {TypeError} for what is neither path nor module */
export function findLayer(op: string, model: Module, layer: LayerLike): { path: string; module: Module } {
  if (!isModule(model)) throw new TypeError(`${op}: expected a module, got ${describe(model)}`)
  if (typeof layer === 'string') return { path: layer, module: model.getSubmodule(layer) }
  if (!isModule(layer)) throw new TypeError(`${op}: expected a layer or its path, got ${describe(layer)}`)
  for (const [path, module] of model.namedModules()) if (module === layer) return { path, module }
  throw new RangeError(
    `${op}: expected a layer of ${model.constructor.name}, got a ${layer.constructor.name} elsewhere`,
  )
}

/** The layers that have none below them, in the order of the model's fields. */
export const leaves = (model: Module): LayerLike[] =>
  [...model.modules()].filter((module) => ![...ownModules(module)].length)

/**
 * Runs the model once in evaluation mode, and hands over what layers put out, by path in the order of their calls.
 * A layer that is called several times counts with its last call, one whose output is no tensor not at all.
 */
export function watchLayers(
  op: string,
  model: Module,
  input: Tensor,
  layers: readonly LayerLike[],
): { output: unknown; seen: Map<string, Tensor> } {
  const seen = new Map<string, Tensor>()
  const handles: HookHandle[] = []
  try {
    for (const layer of layers) {
      const { path, module } = findLayer(op, model, layer)
      handles.push(module.registerForwardHook((_, __, output: unknown) => see(seen, path, output)))
    }
    const output = inMode(model, false, () => (model as unknown as (x: Tensor) => unknown)(input))
    return { output, seen }
  } finally {
    for (const handle of handles) handle.remove()
  }
}

function see(seen: Map<string, Tensor>, path: string, output: unknown): undefined {
  seen.delete(path)
  if (output instanceof Tensor) seen.set(path, output)
}
