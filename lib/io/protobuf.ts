import type { Type } from 'protobufjs'

interface Field {
  type: string
  id: number
  rule?: string
  options?: { packed: boolean }
}

/** The fields of messages by name, as protobufjs takes them. */
export type Messages = Readonly<Record<string, Readonly<Record<string, Field>>>>

export const one = (type: string, id: number): Field => ({ type, id })
export const many = (type: string, id: number): Field => ({ rule: 'repeated', type, id })
export const packed = (type: string, id: number): Field => ({ ...many(type, id), options: { packed: true } })

/** One of the messages; it is made when it is first asked for, as the library is loaded then. */
export function messageType(messages: Messages, name: string): () => Promise<Type> {
  let made: Promise<Type> | undefined
  const make = async (): Promise<Type> => {
    const { default: protobuf } = await import('protobufjs/light.js')
    const nested = Object.fromEntries(Object.entries(messages).map(([each, fields]) => [each, { fields }]))
    return protobuf.Root.fromJSON({ nested }).lookupType(name)
  }
  return () => (made ??= make())
}
