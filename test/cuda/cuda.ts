import { cuda, type Device } from 'convcore'

/** The reason to skip what needs a GPU, emulated or real. */
export const skip: string | false = cuda.isAvailable() ? false : 'no CUDA device here'

/** All CUDA devices. */
export const gpus = (): Device[] => Array.from({ length: cuda.deviceCount() }, (_, i) => `cuda:${i}` as const)
