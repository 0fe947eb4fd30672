export { Batcher, type BatcherOptions, type RequestOptions } from './batcher.js'
