import { describe, expect, it } from 'vitest'
import { destinationOf, idSearch, keyOf, offers, question, savedPlaces, SUGGESTED_FIELDS, suggested, taskDestination, type Destination } from './palette'

const NONE = { recent: [], saved: [], commands: { ofPage: [], ofAll: [] }, found: [], isOfOne: true }
const UUID = '22222222-2222-4333-8444-555555555550'
const queue: Destination = { icon: 'queue', title: 'mail', kind: 'Queue', href: 'queues/mail' }
const longer: Destination = { icon: 'task', title: 'shop.mail.send', kind: 'Task name', href: 'names/shop.mail.send' }
const retry = { icon: 'retry', title: 'Retry this task', why: null, run: () => undefined } as const
const dark = { icon: 'moon', title: 'Dark theme', why: null, run: () => undefined } as const
const commands = { ofPage: [retry], ofAll: [dark] }

function titles(typed: string, known: Partial<Parameters<typeof offers>[1]> = {}): string[] {
  return offers(typed, { ...NONE, ...known }).map(({ title, kind }) => `${kind}: ${title}`)
}

describe('the palette', () => {
  it('begins with the pages', () => {
    expect(titles('').slice(0, 3)).toEqual(['Page: Overview', 'Page: Tasks', 'Page: Errors'])
    expect(titles('work')[0]).toBe('Page: Workers')
  })

  it('shows first where one was lately, then what can be done on the page', () => {
    const shown = titles('', { recent: [queue], commands })

    expect(shown.slice(0, 2)).toEqual(['Queue: mail', 'On this page: Retry this task'])
    expect(shown.at(-1)).toBe('Command: Dark theme')
  })

  it('finds commands by their words', () => {
    expect(titles('dark', { commands })[0]).toBe('Command: Dark theme')
    expect(titles('task retry', { commands })[0]).toBe('On this page: Retry this task')
  })

  it('offers what is called just so before the search, and what has it in its name behind', () => {
    expect(titles('mail', { found: [longer, queue] })).toEqual(['Queue: mail', 'Search: mail', 'Task name: shop.mail.send'])
  })

  it('offers a place once', () => {
    expect(titles('mail', { recent: [queue], found: [queue] })).toEqual(['Queue: mail', 'Search: mail'])
  })

  it('opens the task of a pasted UUID', () => {
    expect(offers(` ${UUID}\n`, NONE)).toEqual([{ icon: 'page', title: UUID, kind: 'Open task', href: `tasks/${UUID}` }])
  })

  it('offers an id of any other shape after the search for it', () => {
    expect(titles('nightly-2026')).toEqual(['Search: nightly-2026', 'Open task: nightly-2026'])
    expect(titles('no answer')).toEqual(['Search: no answer'])
  })

  it('asks for tasks by the beginning of their id, as tables cut it', () => {
    expect(idSearch('22222222…')).toBe('id:22222222*')
    expect(idSearch('2222')).toBe('id:2222*')
    expect(idSearch('face')).toBeNull()
    expect(idSearch('shop.order1')).toBeNull()
    expect(titles('2222', { found: [taskDestination({ uuid: UUID, name: 'shop.pack' })] })[0]).toBe(`Task: ${UUID} shop.pack`)
  })

  it('offers nothing of a cluster where none is chosen', () => {
    const one = { icon: 'worker', title: 'Go to the cluster Mail', why: null, run: () => undefined } as const
    const without = { isOfOne: false, commands: { ofPage: [one], ofAll: [dark] } }

    expect(titles('', without)).toEqual([
      'On this page: Go to the cluster Mail', 'Page: Clusters', 'Page: Your access', 'Page: Sessions', 'Page: Documentation', 'Command: Dark theme',
    ])
    expect(titles('mail', without)).toEqual(['On this page: Go to the cluster Mail'])
    expect(titles(UUID, without)).toEqual([])
  })

  it('tells a search from the page of the same address', () => {
    const [first, second] = [{ ...queue, kind: 'Search' }, queue].map(keyOf)

    expect(first).not.toBe(second)
  })

  it('takes from what is stored places of Umbel alone', () => {
    expect(destinationOf({ ...queue })).toEqual(queue)
    for (const href of ['https://elsewhere.example/', '//elsewhere.example', 'javascript:alert(1)', 7]) {
      expect(destinationOf({ ...queue, href })).toBeNull()
    }
    expect(destinationOf(null)).toBeNull()
    expect(destinationOf({ ...queue, icon: 'none' })).toBeNull()
  })

  it('finds saved searches by their names, and leads to what they search for', () => {
    const one = { id: '1', name: 'Failed mails', q: 'queue:mail', order: '-runtime', tz: 'UTC', shared: true, owner: 'otto', mine: false,
      changeable: false, deletable: false, created: 0, changed: 0, changed_by: 'otto' }

    const saved = savedPlaces([one])

    expect(saved[0]?.href).toBe('tasks?q=queue%3Amail&order=-runtime')
    expect(titles('FAILED m', { saved })[0]).toBe('Saved by otto: Failed mails')
    expect(titles('', { saved })).toContain('Saved by otto: Failed mails')
    expect(titles('other', { saved })[0]).toBe('Search: other')
  })

  it('leads from a suggested name of a task to its page', () => {
    const field = SUGGESTED_FIELDS[0]
    const query = question(field.name, 'charge')
    const [first] = suggested(field, query, [
      {
        label: 'shop.charge_card',
        insert: 'name:shop.charge_card ',
        kind: 'value',
        start: 0,
        end: query.length,
        count: 4,
        help: null,
      },
    ])

    expect(query).toBe('name:charge')
    expect(first?.href).toBe('names/shop.charge_card')
  })
})
