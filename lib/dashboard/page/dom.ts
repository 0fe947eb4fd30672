type Child = Node | string

/** An element with attributes and children; text is never markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

/** The same for pictures of lines. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | number>> = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value))
  made.append(...children)
  return made
}

/** An element that the page has. */
export const byId = (id: string): HTMLElement => document.getElementById(id)!

/** Shows a part of the page with this content. */
export function show(id: string, ...content: readonly Child[]): void {
  byId(id).replaceChildren(...content)
  const section = byId(id).closest('section')
  if (section) section.hidden = false
}
