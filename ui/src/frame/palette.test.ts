import { describe, expect, it } from 'vitest'
import { destinations, SUGGESTED_FIELDS, question, suggested } from './palette'

describe('the palette', () => {
  it('begins with the pages', () => {
    expect(destinations('').map((one) => one.title)).toEqual([
      'Overview',
      'Tasks',
      'Errors',
      'Names',
      'Workers',
      'Queues',
      'Run a task',
      'Audit',
      'Your access',
      'Sessions',
      'API tokens',
      'Documentation',
    ])
    expect(destinations('work')[0]?.href).toBe('workers')
  })

  it('opens the task of a pasted UUID', () => {
    const id = '22222222-2222-4333-8444-555555555550'

    expect(destinations(` ${id}\n`)).toEqual([
      { icon: 'page', title: id, kind: 'Open task', href: `tasks/${id}` },
    ])
  })

  it('offers an id of any other shape after the search for it', () => {
    expect(destinations('nightly-2026').map((one) => one.kind)).toEqual(['Search', 'Open task'])
    expect(destinations('no answer').map((one) => one.kind)).toEqual(['Search'])
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
