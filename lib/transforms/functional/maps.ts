// Affine maps from an image's result back to it, in pixels from the middle of each: [a, b, c, d, e, f] leads from (x, y) to
// (a·x + b·y + c, d·x + e·y + f).

export type Map = readonly [number, number, number, number, number, number]

export interface Motion {
  /** Degrees, clockwise. */
  readonly angle: number
  readonly translate: readonly [x: number, y: number]
  readonly scale: number
  /** Degrees. */
  readonly shear: readonly [x: number, y: number]
  /** What stays in place, in pixels from the middle. */
  readonly center: readonly [x: number, y: number]
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180

/** The inverse of: to the origin, shear, turn, scale, back, and shift; torchvision's `_get_inverse_affine_matrix`. */
export function inverseMap({ angle, translate, scale, shear, center }: Motion): Map {
  const turn = radians(angle)
  const [shearX, shearY] = [radians(shear[0]), radians(shear[1])]
  const a = Math.cos(turn - shearY) / Math.cos(shearY)
  const b = (-Math.cos(turn - shearY) * Math.tan(shearX)) / Math.cos(shearY) - Math.sin(turn)
  const c = Math.sin(turn - shearY) / Math.cos(shearY)
  const d = (-Math.sin(turn - shearY) * Math.tan(shearX)) / Math.cos(shearY) + Math.cos(turn)
  const [m0, m1, m3, m4] = [d / scale, -b / scale, -c / scale, a / scale]
  const [x, y] = [center[0] + translate[0], center[1] + translate[1]]
  return [m0, m1, center[0] - m0 * x - m1 * y, m3, m4, center[1] - m3 * x - m4 * y]
}

type Sides = readonly [height: number, width: number]

/** The same between the centres of pixels, counted from the first: what `warpAffine` takes. */
export function toPlaces([a, b, c, d, e, f]: Map, [h, w]: Sides, [height, width]: Sides): Map {
  const [x, y] = [(1 - width) / 2, (1 - height) / 2]
  return [a, b, a * x + b * y + c + (w - 1) / 2, d, e, d * x + e * y + f + (h - 1) / 2]
}

/** The size that holds all of an image h × w; within a ten-thousandth of a pixel, as torchvision has it. */
export function expandedSize([a, b, c, d, e, f]: Map, h: number, w: number): [height: number, width: number] {
  const corners = [-1, 1].flatMap((i) => [-1, 1].map((j) => [(i * w) / 2, (j * h) / 2] as const))
  const extent = (values: number[], middle: number) => {
    const cut = (value: number) => Math.trunc((value + middle) * 1e4) * 1e-4
    return Math.ceil(cut(Math.max(...values))) - Math.floor(cut(Math.min(...values)))
  }
  return [
    extent(
      corners.map(([x, y]) => d * x + e * y + f),
      h / 2,
    ),
    extent(
      corners.map(([x, y]) => a * x + b * y + c),
      w / 2,
    ),
  ]
}
