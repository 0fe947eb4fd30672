/**
 * Inks the line from (x0, y0) to (x1, y1) into `image` [size, size], pen radius `radius`, all in pixels; pixel (i, j) has
 * its centre at (j, i). Coverage falls from 1 to 0 over one pixel at the edge; ink already there is never lessened.
 */
export function inkLine(
  image: Float32Array,
  size: number,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  radius: number,
): void {
  const reach = radius + 0.5
  const left = Math.max(0, Math.ceil(Math.min(x0, x1) - reach))
  const right = Math.min(size - 1, Math.floor(Math.max(x0, x1) + reach))
  const top = Math.max(0, Math.ceil(Math.min(y0, y1) - reach))
  const bottom = Math.min(size - 1, Math.floor(Math.max(y0, y1) + reach))
  const dx = x1 - x0
  const dy = y1 - y0
  const squared = dx * dx + dy * dy
  const perSquared = squared > 0 ? 1 / squared : 0
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const along = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) * perSquared))
      const ex = x0 + along * dx - x
      const ey = y0 + along * dy - y
      const distance2 = ex * ex + ey * ey
      if (distance2 >= reach * reach) continue
      const ink = Math.min(1, reach - Math.sqrt(distance2))
      if (ink > image[y * size + x]!) image[y * size + x] = ink
    }
  }
}
