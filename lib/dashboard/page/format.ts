/** Four digits: 0.00123, 12.3, 1,234. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return 'not finite' // JSON has null for all of them
  const size = Math.abs(value)
  if (size >= 1e6 || (size > 0 && size < 1e-4)) return tidy(value.toExponential(2))
  return value.toLocaleString('en', { maximumSignificantDigits: size >= 1000 ? 7 : 4 })
}

/** 1.00e-3 → 1e-3 */
const tidy = (text: string): string =>
  text
    .replace(/\.?0+e/, 'e')
    .replace('e+', 'e')
    .replace('-', '−')

export const percent = (value: number): string =>
  `${(100 * value).toLocaleString('en', { maximumFractionDigits: 1 })} %`

export const MEBI = 2 ** 20

/** Of so many MiB. */
export const mebibytes = (value: number): string => `${number(value)} MiB`

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  const unit = value > 0 ? Math.min(units.length - 1, Math.floor(Math.log2(value) / 10)) : 0
  return `${(value / 1024 ** unit).toLocaleString('en', { maximumSignificantDigits: 3 })} ${units[unit]}`
}

/** 45 s, 3 min 20 s, 2 h 5 min. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

export const perSecond = (value: number): string => `${Math.round(value).toLocaleString('en')}/s`

/** errorRate → error rate */
export const spaced = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** How a figure reads: those that are shares in percent. */
export const formatOf = (figure: string): ((value: number) => string) =>
  /accuracy|top\d|precision|recall|f1|errorRate/i.test(figure) ? percent : number
