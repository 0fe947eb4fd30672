import type { Run } from './callback.js'

/** What a run was made with, as far as the trainer knows it. */
export function settingsOf({ trainer: { model, options }, epochs }: Run): Record<string, unknown> {
  const { optimizer, scheduler, loss, device, accumulate, clipGradNorm, clipGradValue, autocast } = options
  const [group] = optimizer?.paramGroups ?? []
  const stepping = scheduler && 'scheduler' in scheduler ? scheduler.scheduler : scheduler
  const settings = {
    model: model.constructor.name,
    parameters: model.countParameters(),
    loss: nameOf(loss),
    optimizer: optimizer?.constructor.name,
    ...group,
    params: undefined,
    scheduler: stepping?.constructor.name,
    epochs,
    device,
    accumulate,
    clipGradNorm,
    clipGradValue,
    autocast: autocast && (autocast.enabled ?? true) ? (autocast.dtype ?? 'float16') : undefined,
  }
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))
}

const nameOf = (loss: object): string => (typeof loss === 'function' && loss.name ? loss.name : loss.constructor.name)
