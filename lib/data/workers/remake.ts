// What makes the library's own datasets again in a worker, under the names that their recipes give.
export { remakeImageFolder } from '../imageFolder.js'
export { remakeConcat, remakeSubset } from '../subset.js'
