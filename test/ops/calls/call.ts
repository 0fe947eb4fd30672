import type { Tensor } from 'convcore'

/** How a fixture's op is called, by the name that scripts/fixtures/ops/<family>.py gave it. */
export type Calls<Options = object> = Record<string, (inputs: Tensor[], options: Options) => Tensor>
