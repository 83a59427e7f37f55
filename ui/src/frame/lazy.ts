/** Pages whose code is fetched when they are first opened, and is at hand from then on. */

import type { Component } from 'svelte'

export class Lazy<Props extends Record<string, unknown>> {
  /** Its component; null until it was fetched. */
  loaded: Component<Props> | null = null
  readonly #fetch: () => Promise<{ default: Component<Props> }>

  constructor(fetch: () => Promise<{ default: Component<Props> }>) {
    this.#fetch = fetch
  }

  async load(): Promise<Component<Props>> {
    this.loaded = (await this.#fetch()).default
    return this.loaded
  }
}
