/** The person's preferences for the whole application: theme and time zone. */

import type { Zone } from '../format/time'
import { writeStored, readStored } from './storage'

export type Theme = 'system' | 'light' | 'dark'
export const THEMES: readonly Theme[] = ['system', 'light', 'dark']

function storedTheme(): Theme {
  return THEMES.find((theme) => theme === readStored('theme')) ?? 'system'
}

function storedZone(): Zone {
  return readStored('zone') === 'utc' ? 'utc' : 'local'
}

class Preferences {
  theme: Theme = $state(storedTheme())
  zone: Zone = $state(storedZone())

  chooseTheme(theme: Theme): void {
    this.theme = theme
    writeStored('theme', theme)
    this.apply()
  }

  chooseZone(zone: Zone): void {
    this.zone = zone
    writeStored('zone', zone)
  }

  /** Follow what is chosen in other windows, until the function that is given back is called. */
  start(): () => void {
    const onStorage = (): void => {
      this.theme = storedTheme()
      this.zone = storedZone()
      this.apply()
    }
    addEventListener('storage', onStorage)
    return () => removeEventListener('storage', onStorage)
  }

  /** Tell the style sheets which theme holds; without the attribute they follow the system. */
  apply(): void {
    if (this.theme === 'system') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = this.theme
  }
}

export const preferences = new Preferences()
