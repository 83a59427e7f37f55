import type { Component } from 'svelte'
import { describe, expect, it } from 'vitest'
import { Lazy } from './lazy'

type Page = Component<Record<string, unknown>>
const PAGE = (() => ({})) as unknown as Page

describe('a page that is fetched when it is first opened', () => {
  it('is at hand from then on', async () => {
    const page = new Lazy(() => Promise.resolve({ default: PAGE }))
    expect(page.loaded).toBeNull()

    await expect(page.load()).resolves.toBe(PAGE)
    expect(page.loaded).toBe(PAGE)
  })

  it('is asked for again where it could not be fetched', async () => {
    const answers: Promise<{ default: Page }>[] = [Promise.reject(new Error('no such file')), Promise.resolve({ default: PAGE })]
    const page = new Lazy<Record<string, unknown>>(() => answers.shift() ?? Promise.reject<{ default: Page }>(new Error('asked too often')))

    await expect(page.load()).rejects.toThrow('no such file')
    expect(page.loaded).toBeNull()
    await expect(page.load()).resolves.toBe(PAGE)
  })
})
