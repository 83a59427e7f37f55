/** The person's choices for the whole application: theme and time zone. */

import type { Zone } from '../format/time'
import { keep, readKept } from './kept'

export type Theme = 'system' | 'light' | 'dark'
export const THEMES: readonly Theme[] = ['system', 'light', 'dark']

class Choices {
  theme: Theme = $state(THEMES.find((theme) => theme === readKept('theme')) ?? 'system')
  zone: Zone = $state(readKept('zone') === 'utc' ? 'utc' : 'local')

  chooseTheme(theme: Theme): void {
    this.theme = theme
    keep('theme', theme)
    this.apply()
  }

  chooseZone(zone: Zone): void {
    this.zone = zone
    keep('zone', zone)
  }

  /** Tell the style sheets which theme holds; without the attribute they follow the system. */
  apply(): void {
    if (this.theme === 'system') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = this.theme
  }
}

export const choices = new Choices()
