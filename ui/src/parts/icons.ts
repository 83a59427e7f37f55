/** Outlines on a grid of 16 by 16, drawn with round strokes in the colour of the text. */

import type { State } from '../api/types'

const CIRCLE = 'M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0Z'

export const ICONS = {
  pending: 'M8 2a6 6 0 0 1 2.3.5M13 4.7A6 6 0 0 1 14 8M13 11.3a6 6 0 0 1-2.7 2.2M8 14a6 6 0 0 1-2.3-.5M3 11.3A6 6 0 0 1 2 8M3 4.7a6 6 0 0 1 2.7-2.2',
  received: `${CIRCLE}M8 4.8v5.4M5.7 8.2 8 10.5l2.3-2.3`,
  started: `${CIRCLE}M6.8 5.6v4.8L10.6 8Z`,
  retry: 'M13.5 8A5.5 5.5 0 1 1 11.6 3.8M13.6 2.2v3h-3',
  rejected: `${CIRCLE}M3.8 3.8l8.4 8.4`,
  unknown: `${CIRCLE}M6.3 6.4A1.75 1.75 0 1 1 8.7 8C8.2 8.3 8 8.6 8 9.2M8 11.2v.1`,
  revoked: `${CIRCLE}M6 6h4v4H6Z`,
  failure: `${CIRCLE}M5.9 5.9l4.2 4.2M10.1 5.9l-4.2 4.2`,
  success: `${CIRCLE}M5.4 8.2 7.2 10l3.4-3.8`,
  search: 'M11.5 7A4.5 4.5 0 1 1 2.5 7a4.5 4.5 0 0 1 9 0ZM10.4 10.4 14 14',
  close: 'M4 4l8 8M12 4l-8 8',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.2v9.6L12.8 8Z',
  columns: 'M2.5 3h11v10h-11ZM6.2 3v10M9.8 3v10',
  up: 'M8 12.5v-9M4.5 7 8 3.5 11.5 7',
  down: 'M8 3.5v9M4.5 9 8 12.5 11.5 9',
  fold: 'M4 6.5 8 10.5 12 6.5',
  more: 'M3 8v.1M8 8v.1M13 8v.1',
  right: 'M6 3.5 10.5 8 6 12.5',
  copy: 'M5.5 5.5h8v8h-8ZM10.5 5.5v-3h-8v8h3',
  check: 'M3 8.5 6.5 12 13 4.5',
  sun: 'M11 8a3 3 0 1 1-6 0 3 3 0 0 1 6 0ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1',
  moon: 'M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7Z',
  system: 'M1.5 2.5h13v8.5h-13ZM5.5 14h5M8 11v3',
  help: `${CIRCLE}M6.3 6.2a1.8 1.8 0 1 1 2.6 1.7c-.6.3-.9.6-.9 1.2M8 11.3v.1`,
  info: `${CIRCLE}M8 7.3v3.6M8 5.2v.1`,
  bell: 'M4 11.5V7a4 4 0 0 1 8 0v4.5l1 1H3zM6.5 14.5h3',
  silent: 'M4 11.5V7a4 4 0 0 1 6.4-3.2M12 7v4.5l1 1H4M6.5 14.5h3M2.5 2.5l11 11',
  alert: 'M8 2 14.5 13.5h-13ZM8 6.5v3.2M8 11.7v.1',
  task: 'M2.5 4h2M2.5 8h2M2.5 12h2M7 4h6.5M7 8h6.5M7 12h6.5',
  workflow: 'M2 3h4v3H2ZM10 2.5h4v3h-4ZM10 10.5h4v3h-4ZM6 4.5h2V12h2M8 4h2',
  worker: 'M2.5 3h11v4h-11ZM2.5 9h11v4h-11ZM5 5v.1M5 11v.1',
  queue: 'M2 4.5h7M2 8h7M2 11.5h7M11 5.5 13.5 8 11 10.5',
  audit: 'M3 2.5h10v11H3ZM5.5 5.5h5M5.5 8h5M5.5 10.5h3',
  person: 'M10.5 5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0ZM3 13.5a5 5 0 0 1 10 0',
  lock: 'M4 7h8v6.5H4ZM5.7 7V5a2.3 2.3 0 0 1 4.6 0v2',
  key: 'M9 5.5a2.8 2.8 0 1 1-5.6 0 2.8 2.8 0 0 1 5.6 0ZM8.2 7.5 13.5 12.8M11 10.3l-1.5 1.5M13 12.3l-1.2 1.2',
  filter: 'M2 3.5h12M4.5 8h7M7 12.5h2',
  chart: 'M2.5 13.5h11M4.5 13V9M8 13V4M11.5 13V7',
  preview: 'M2.5 3h11v10h-11ZM9.5 3v10',
  download: 'M8 2.5v8M4.8 7.5 8 10.7l3.2-3.2M3 13.5h10',
  star: 'M8 2.2l1.8 3.6 4 .6-2.9 2.8.7 4L8 11.3l-3.6 1.9.7-4-2.9-2.8 4-.6Z',
  clock: `${CIRCLE}M8 4.8V8l2.2 1.6`,
  page: 'M4 2h5.5L12.5 5v9H4ZM9.5 2v3h3',
} as const

export type IconName = keyof typeof ICONS

/** The icon, the colour token and the word of a state share its name. */
export function stateIcon(state: State): IconName {
  return state.toLowerCase() as Lowercase<State>
}

/** In CSS. */
export function stateColour(state: State): string {
  return `var(--${stateIcon(state)})`
}

export function stateWord(state: State): string {
  return state.charAt(0) + state.slice(1).toLowerCase()
}
