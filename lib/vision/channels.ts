// Pixels as image libraries keep them: the channels of one pixel lie side by side.

/** RGB of what printers and Adobe's JPEG files call CMYK, as Pillow and torchvision reckon it: no colour profile. */
export function cmykToRgb(cmyk: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((cmyk.length / 4) * 3)
  for (let from = 0, to = 0; from < cmyk.length; from += 4) {
    const light = 255 - cmyk[from + 3]!
    for (let c = 0; c < 3; c++) rgb[to++] = Math.round(((255 - cmyk[from + c]!) * light) / 255)
  }
  return rgb
}

/** Grey and alpha of RGBA whose three colours are equal. */
export function grayAlphaOf(rgba: Uint8Array): Uint8Array {
  const pairs = new Uint8Array(rgba.length / 2)
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    pairs[to++] = rgba[from]!
    pairs[to++] = rgba[from + 3]!
  }
  return pairs
}
