import type { ElementType } from '../header.js'
import { isCounts } from '../json.js'
import { NumpyDtype, numpyScalar } from './numpyScalar.js'
import { PythonGlobal } from './pickle.js'
import { Dtype, rebuild, StorageClass, TensorRef } from './refs.js'

const storageTypes: Readonly<Record<string, ElementType>> = {
  DoubleStorage: 'F64',
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
}
const dtypes: Readonly<Record<string, ElementType>> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  uint64: 'U64',
  int32: 'I32',
  uint32: 'U32',
  int16: 'I16',
  uint16: 'U16',
  int8: 'I8',
  uint8: 'U8',
  bool: 'BOOL',
}
/** The allow-list. */
const globals = new Map<string, unknown>()
const allow = (names: string | readonly string[], call: (args: readonly unknown[]) => unknown): void => {
  for (const name of [names].flat()) globals.set(name, new PythonGlobal(name, call))
}
const builtins = (name: string): string[] => [`builtins.${name}`, `__builtin__.${name}`]

for (const [name, type] of Object.entries(storageTypes)) globals.set(`torch.${name}`, new StorageClass(type))
for (const name of ['torch.storage.UntypedStorage', 'torch.UntypedStorage'])
  globals.set(name, new StorageClass(undefined))
for (const [name, type] of Object.entries(dtypes)) globals.set(`torch.${name}`, new Dtype(`torch.${name}`, type))

allow('torch._utils._rebuild_tensor', ([storage, offset, shape, strides]) => rebuild(storage, offset, shape, strides))
allow('torch._utils._rebuild_tensor_v2', ([storage, offset, shape, strides, , , metadata]) =>
  isPlain(metadata) ? rebuild(storage, offset, shape, strides) : undefined,
)
allow('torch._utils._rebuild_tensor_v3', ([storage, offset, shape, strides, , , dtype, metadata]) =>
  dtype instanceof Dtype && isPlain(metadata) ? rebuild(storage, offset, shape, strides, dtype.type) : undefined,
)
allow(['torch._utils._rebuild_parameter', 'torch._utils._rebuild_parameter_with_state'], ([data]) =>
  data instanceof TensorRef ? data : undefined,
)
allow('torch.Size', ([shape]) => (isCounts(shape) ? shape : undefined))
allow('torch.device', ([type, index]) =>
  typeof type !== 'string' ? undefined : typeof index === 'number' ? `${type}:${index}` : type,
)
allow('collections.OrderedDict', ([items]) => dict(items))
allow('collections.Counter', ([items]) => dict(items))
allow('collections.defaultdict', ([, items]) => dict(items))
for (const name of ['dict', 'list', 'int', 'float']) allow(builtins(name), () => undefined)
allow([...builtins('set'), ...builtins('frozenset')], ([items = []]) =>
  Array.isArray(items) ? new Set(items) : undefined,
)
// How protocol 2 writes bytes.
allow('_codecs.encode', ([text, encoding]) =>
  typeof text === 'string' && encoding === 'latin1' ? Uint8Array.from(Buffer.from(text, 'latin1')) : undefined,
)
allow('numpy.dtype', ([code]) => (typeof code === 'string' ? new NumpyDtype(code) : undefined))
allow(['numpy.core.multiarray.scalar', 'numpy._core.multiarray.scalar'], ([dtype, bytes]) =>
  dtype instanceof NumpyDtype && bytes instanceof Uint8Array ? numpyScalar(dtype, bytes) : undefined,
)

/** What a pickle of PyTorch may name; undefined for anything else. */
export const findGlobal = (name: string): unknown => globals.get(name)

/** Attributes: those of an ordered dict (state dicts carry `_metadata`) are let go. */
export function setState(target: unknown, state: unknown): boolean {
  if (!(target instanceof NumpyDtype)) return target instanceof Map
  if (!Array.isArray(state)) return false
  target.bigEndian = state[1] === '>'
  return true
}

/** Whether a tensor is as it is stored, not its conjugate or negative. */
const isPlain = (metadata: unknown): boolean =>
  metadata === undefined || metadata === null || (metadata instanceof Map && ![...metadata.values()].some(Boolean))

function dict(items: unknown = []): Map<unknown, unknown> | undefined {
  if (items instanceof Map) return new Map(items)
  if (!Array.isArray(items) || !items.every((pair) => Array.isArray(pair) && pair.length === 2)) return undefined
  return new Map(items as [unknown, unknown][])
}
