/** A figure of all programs: milliseconds, or MiB in the section memory. */
export interface Line {
  section: string
  name: string
  figure: string
  convcore: number
  /** NCHW, as it comes. */
  torch: number
  /** The best of PyTorch's settings, and which it is. */
  torchBest: number
  torchSetting: string
  onnxruntime?: number
  /** Ours by the best peer's. */
  ratio: number
  /** Part of the machine's peak that we reach, where the arithmetic is counted. */
  share?: number
  /** False where the machine gave less than it could. */
  steady: boolean
}

export type Context = Pick<Line, 'section' | 'name' | 'figure' | 'steady' | 'share'>

/** Of one figure by program: convcore, onnxruntime, and settings of PyTorch. */
export function line(context: Context, { convcore, onnxruntime, ...torch }: Record<string, number>): Line {
  const [torchSetting, torchBest] = Object.entries(torch).sort(([, a], [, b]) => a - b)[0]!
  const best = Math.min(torchBest, onnxruntime ?? Infinity)
  return {
    ...context,
    convcore: convcore!,
    torch: torch.NCHW!,
    torchBest,
    torchSetting,
    ...(onnxruntime === undefined ? {} : { onnxruntime }),
    ratio: convcore! / best,
  }
}

export const label = ({ section, name, figure }: Pick<Line, 'section' | 'name' | 'figure'>): string =>
  `${section}/${name}, ${figure}`
