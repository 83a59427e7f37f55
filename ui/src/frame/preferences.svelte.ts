/** The person's preferences for the whole application: theme and time zone. */

import type { Zone } from '../format/time'
import { writeStored, readStored } from './storage'

export type Theme = 'system' | 'light' | 'dark'
export const THEMES: readonly Theme[] = ['system', 'light', 'dark']

class Preferences {
  theme: Theme = $state(THEMES.find((theme) => theme === readStored('theme')) ?? 'system')
  zone: Zone = $state(readStored('zone') === 'utc' ? 'utc' : 'local')

  chooseTheme(theme: Theme): void {
    this.theme = theme
    writeStored('theme', theme)
    this.apply()
  }

  chooseZone(zone: Zone): void {
    this.zone = zone
    writeStored('zone', zone)
  }

  /** Tell the style sheets which theme holds; without the attribute they follow the system. */
  apply(): void {
    if (this.theme === 'system') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = this.theme
  }
}

export const preferences = new Preferences()
