/** numpy.dtype('<f8') and the like. */
export class NumpyDtype {
  bigEndian = false
  constructor(readonly code: string) {}
}

/** A number of a NumPy dtype; undefined for a dtype or a length that it has not. */
export function numpyScalar({ code, bigEndian }: NumpyDtype, bytes: Uint8Array): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const little = !bigEndian
  if (bytes.length !== Number(code.slice(1))) return undefined
  switch (code) {
    case 'f8':
      return view.getFloat64(0, little)
    case 'f4':
      return view.getFloat32(0, little)
    case 'i8':
      return number(view.getBigInt64(0, little))
    case 'u8':
      return number(view.getBigUint64(0, little))
    case 'i4':
      return view.getInt32(0, little)
    case 'u4':
      return view.getUint32(0, little)
    case 'b1':
      return bytes[0] !== 0
  }
  return undefined
}

const number = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value)
