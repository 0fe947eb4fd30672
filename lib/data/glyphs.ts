/** Points of one pen stroke, joined by straight lines. The box of a glyph is 1 × 1, x to the right, y down. */
export type Stroke = readonly (readonly [x: number, y: number])[]

export type Glyph = readonly Stroke[]

/** Part of an ellipse, in turns: 0 points right, 0.25 down, 0.5 left, 0.75 up. */
function arc(cx: number, cy: number, rx: number, ry: number, from: number, to: number): [number, number][] {
  const steps = Math.ceil(Math.abs(to - from) * 16)
  return Array.from({ length: steps + 1 }, (_, i) => {
    const angle = 2 * Math.PI * (from + ((to - from) * i) / steps)
    return [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)]
  })
}

/** A broken line through x, y, x, y … */
function line(...coordinates: number[]): [number, number][] {
  return Array.from({ length: coordinates.length / 2 }, (_, i) => [coordinates[2 * i]!, coordinates[2 * i + 1]!])
}

/** A figure of eight in one stroke. */
const lemniscate = Array.from({ length: 25 }, (_, i): [number, number] => {
  const angle = (2 * Math.PI * i) / 24
  return [0.5 + 0.3 * Math.sin(2 * angle), 0.5 - 0.5 * Math.cos(angle)]
})

/** The ways in which each digit is written. */
export const glyphs: readonly (readonly Glyph[])[] = [
  [
    [arc(0.5, 0.5, 0.34, 0.5, -0.25, 0.78)],
    [arc(0.5, 0.5, 0.26, 0.5, -0.3, 0.7)],
    [arc(0.5, 0.5, 0.36, 0.48, -0.15, 0.8)],
  ],
  [
    [line(0.5, 0, 0.5, 1)],
    [line(0.28, 0.24, 0.52, 0, 0.52, 1)],
    [line(0.28, 0.24, 0.52, 0, 0.52, 1), line(0.26, 1, 0.78, 1)],
  ],
  [
    [[...arc(0.48, 0.28, 0.31, 0.28, -0.48, 0.1), ...line(0.16, 1, 0.86, 1)]],
    [
      [
        ...arc(0.46, 0.26, 0.3, 0.26, -0.42, 0.12),
        ...line(0.3, 0.86),
        ...arc(0.24, 0.86, 0.12, 0.11, 0, -0.7),
        ...line(0.6, 0.98, 0.9, 0.9),
      ],
    ],
    [[...line(0.16, 0.1), ...arc(0.46, 0.3, 0.32, 0.3, -0.32, 0.08), ...line(0.2, 0.96, 0.5, 0.92, 0.86, 1)]],
  ],
  [
    [[...arc(0.44, 0.25, 0.31, 0.25, -0.45, 0.22), ...arc(0.44, 0.73, 0.36, 0.27, -0.22, 0.44)]],
    [[...line(0.18, 0.02, 0.78, 0.02, 0.46, 0.38), ...arc(0.43, 0.69, 0.35, 0.31, -0.22, 0.42)]],
    [[...arc(0.42, 0.22, 0.28, 0.22, -0.4, 0.25), ...line(0.34, 0.46), ...arc(0.4, 0.72, 0.38, 0.28, -0.23, 0.38)]],
  ],
  [
    [line(0.32, 0, 0.12, 0.58, 0.9, 0.58), line(0.68, 0.2, 0.64, 1)],
    [line(0.62, 1, 0.62, 0, 0.08, 0.68, 0.92, 0.68)],
    [line(0.2, 0.04, 0.18, 0.4, 0.3, 0.52, 0.72, 0.46), line(0.78, 0, 0.7, 1)],
  ],
  [
    [[...line(0.82, 0, 0.28, 0, 0.22, 0.42), ...arc(0.44, 0.68, 0.36, 0.32, -0.32, 0.4)]],
    [[...line(0.3, 0.02, 0.22, 0.44), ...arc(0.42, 0.7, 0.36, 0.3, -0.28, 0.42)], line(0.28, 0.02, 0.86, 0.04)],
    [[...line(0.78, 0.02, 0.34, 0.06, 0.3, 0.38), ...arc(0.5, 0.66, 0.28, 0.28, -0.25, 0.3), ...line(0.12, 0.98)]],
  ],
  [
    [[...line(0.72, 0.02, 0.42, 0.2, 0.24, 0.48), ...arc(0.49, 0.71, 0.29, 0.29, 0.5, -0.55)]],
    [[...line(0.46, 0, 0.28, 0.3, 0.2, 0.62), ...arc(0.46, 0.76, 0.27, 0.24, 0.46, -0.5)]],
    [[...arc(0.56, 0.5, 0.36, 0.5, -0.18, -0.62), ...arc(0.52, 0.74, 0.28, 0.24, 0.3, -0.45)]],
  ],
  [
    [line(0.12, 0.03, 0.86, 0.03, 0.4, 1)],
    [line(0.12, 0.03, 0.86, 0.03, 0.42, 1), line(0.32, 0.5, 0.78, 0.5)],
    [line(0.12, 0.2, 0.16, 0.04, 0.82, 0.04, 0.6, 0.44, 0.46, 1)],
  ],
  [
    [lemniscate],
    [arc(0.5, 0.25, 0.26, 0.25, 0.25, 1.27), arc(0.5, 0.75, 0.32, 0.25, -0.25, 0.77)],
    [
      [
        ...line(0.76, 0.1),
        ...arc(0.48, 0.25, 0.26, 0.24, -0.15, -0.7),
        ...arc(0.5, 0.76, 0.3, 0.24, -0.2, 0.62),
        ...line(0.78, 0.12),
      ],
    ],
  ],
  [
    [[...arc(0.48, 0.28, 0.3, 0.28, -0.05, -1), ...line(0.76, 0.5, 0.7, 1)]],
    [[...arc(0.48, 0.29, 0.29, 0.29, -0.05, -1), ...arc(0.43, 0.66, 0.33, 0.34, 0, 0.4)]],
    [[...arc(0.46, 0.26, 0.27, 0.26, -0.1, -1.02), ...line(0.5, 1)]],
  ],
]
