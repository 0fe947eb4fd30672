/** What was found of one thing. */
export interface Check {
  readonly name: string
  readonly status: 'ok' | 'warning' | 'failure'
  readonly found: string
  /** What to do. */
  readonly fix?: string | undefined
}

export const ok = (name: string, found: string): Check => ({ name, status: 'ok', found })

export const warning = (name: string, found: string, fix: string): Check => ({ name, status: 'warning', found, fix })

export const failure = (name: string, found: string, fix: string): Check => ({ name, status: 'failure', found, fix })
