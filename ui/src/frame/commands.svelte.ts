/**
 * Commands: what the palette does, where it leads nowhere. Some are there everywhere, others are
 * added by the page one is on (`pageCommands`). What changes the cluster opens its plan.
 */

import { untrack } from 'svelte'
import type { IconName } from '../parts/icons'
import { copyText } from '../parts/clipboard'
import { me } from './me.svelte'
import { preferences, THEMES } from './preferences.svelte'

export interface Command {
  icon: IconName
  title: string
  /** Why it cannot be done, in a sentence; null if it can. */
  why: string | null
  run: () => void | Promise<void>
}

class PageCommands {
  private sources: readonly (() => Command[])[] = $state.raw([])

  /** Those of all parts of the page, as they are now. */
  get all(): Command[] {
    return this.sources.flatMap((source) => source())
  }

  /** Offer what `source` gives, until the function that is given back is called. */
  add(source: () => Command[]): () => void {
    untrack(() => (this.sources = [...this.sources, source]))
    return () => untrack(() => (this.sources = this.sources.filter((one) => one !== source)))
  }
}

export const pageCommands = new PageCommands()

const THEME_ICONS = { system: 'system', light: 'sun', dark: 'moon' } as const

/** What can be done on every page; `help` shows the shortcuts. */
export function commandsOfAll(help: () => void): Command[] {
  const { theme, zone } = preferences
  return [
    { icon: 'copy', title: 'Copy the link of this page', why: null, run: async () => void (await copyText(location.href)) },
    zone === 'utc'
      ? { icon: 'clock', title: 'Show times in the zone of this browser, not UTC', why: null, run: () => preferences.chooseZone('local') }
      : { icon: 'clock', title: 'Show times in UTC', why: null, run: () => preferences.chooseZone('utc') },
    ...THEMES.filter((one) => one !== theme).map((one): Command => ({
      icon: THEME_ICONS[one],
      title: one === 'system' ? 'Theme of the system' : `${one === 'dark' ? 'Dark' : 'Light'} theme`,
      why: null,
      run: () => preferences.chooseTheme(one),
    })),
    { icon: 'help', title: 'Keyboard shortcuts', why: null, run: help },
    ...(me.person?.login ? [{ icon: 'lock' as const, title: 'Log out', why: null, run: () => me.logOut() }] : []),
  ]
}
