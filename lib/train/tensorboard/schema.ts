import { many, messageType, one, packed } from '../../io/protobuf.js'

// The messages of TensorBoard that are written. Fields of value 0 are left out: readers take them as 0.
// Names and numbers: https://github.com/tensorflow/tensorboard/tree/master/tensorboard/compat/proto

export interface Event {
  /** In seconds since 1970. */
  wallTime: number
  step?: number
  fileVersion?: string
  summary?: { value: Value[] }
  /** status 1: a run begins, and what was noted from this event's step on does not count. */
  sessionLog?: { status: number }
}

export interface Histogram {
  min: number
  max: number
  num: number
  sum: number
  sumSquares: number
  /** Where each bucket ends, which is where the next one begins. */
  bucketLimit: number[]
  bucket: number[]
}

export interface Value {
  tag: string
  simpleValue?: number
  image?: { height: number; width: number; colorspace: number; encodedImageString: Uint8Array }
  histo?: Histogram
  tensor?: { dtype: number; tensorShape: { dim: { size: number }[] }; stringVal: Uint8Array[] }
  metadata?: { pluginData: { pluginName: string } }
}

/** TensorProto.dtype of strings. */
export const DT_STRING = 7

const MESSAGES = {
  Event: {
    wallTime: one('double', 1),
    step: one('int64', 2),
    fileVersion: one('string', 3),
    summary: one('Summary', 5),
    sessionLog: one('SessionLog', 7),
  },
  SessionLog: { status: one('int32', 1) },
  Summary: { value: many('Value', 1) },
  Value: {
    tag: one('string', 1),
    simpleValue: one('float', 2),
    image: one('Image', 4),
    histo: one('Histogram', 5),
    tensor: one('TensorProto', 8),
    metadata: one('SummaryMetadata', 9),
  },
  Image: {
    height: one('int32', 1),
    width: one('int32', 2),
    colorspace: one('int32', 3),
    encodedImageString: one('bytes', 4),
  },
  Histogram: {
    min: one('double', 1),
    max: one('double', 2),
    num: one('double', 3),
    sum: one('double', 4),
    sumSquares: one('double', 5),
    bucketLimit: packed('double', 6),
    bucket: packed('double', 7),
  },
  TensorProto: { dtype: one('int32', 1), tensorShape: one('TensorShape', 2), stringVal: many('bytes', 8) },
  TensorShape: { dim: many('Dim', 2) },
  Dim: { size: one('int64', 1) },
  SummaryMetadata: { pluginData: one('PluginData', 1) },
  PluginData: { pluginName: one('string', 1) },
}

const eventType = messageType(MESSAGES, 'Event')

/** The event as protobuf. */
export async function encodeEvent(event: Event): Promise<Uint8Array> {
  return (await eventType()).encode(event).finish()
}
