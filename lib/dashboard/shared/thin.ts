const MOST = 3000

/** Adds points to a curve; one that gets too long to be drawn loses every second point. */
export function extend<T>(curve: T[], points: readonly T[]): void {
  for (const point of points) {
    curve.push(point)
    if (curve.length <= MOST) continue
    const kept = curve.filter((_, i) => i % 2 === 0 || i === curve.length - 1)
    curve.splice(0, Infinity, ...kept)
  }
}
