import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exampleTask } from '../api/examples'
import { pass, scriptedServer } from '../api/scripted_server'
import type { Changes, Count, TaskPage, TaskRow } from '../api/types'
import type { Follower } from '../frame/stream.svelte'
import { PAGE_SIZE, TasksModel } from './model.svelte'
import { waitingLabel } from './rows'
import { DEFAULT_ORDER, type Search } from './search'

const server = scriptedServer()
let model: TasksModel
/** Who follows a search now. */
let follower: Follower | null

const search = (q: string): Search => ({ q, order: DEFAULT_ORDER, tz: 'UTC' })
const row = (uuid: string, more: Partial<TaskRow> = {}): TaskRow => exampleTask({ uuid, ...more })
const page = (uuids: string[], more: Partial<TaskPage> = {}): TaskPage => ({
  items: uuids.map((uuid) => row(uuid)),
  next: null,
  complete: true,
  reached: null,
  sentence: `Tasks ${uuids.join(' ')}`,
  seq: 7,
  ...more,
})
const changes = (more: Partial<Changes>): Changes => ({ seq: 8, items: [], new: [], left: [], skipped: 0, ...more })
const count = (total: number): Count => ({
  total,
  capped: false,
  complete: true,
  groups: { SUCCESS: total },
  groups_complete: true,
})
const chip = { text: 'name:x', start: 0, end: 6, field: 'name', negated: false }

const ids = (): string[] => model.rows.items.map((one) => one.uuid)
const states = (): string[] => model.rows.items.map((one) => one.state)
const tell = (more: Partial<Changes>): void => follower?.changes(changes(more))
const chosen = (): string[] => [...model.chosen].sort()

beforeEach(() => {
  follower = null
  model = new TasksModel({
    follow: (one) => {
      follower = one
      return () => void (follower = null)
    },
  })
  server.answer('tasks', page(['c', 'b', 'a']))
  server.answer('tasks/count', count(3))
  server.answer('query', { sentence: 'Of x', canonical: 'name:x', chips: [chip] })
})
afterEach(() => model.leave())

describe('a search', () => {
  it('is shown with its rows, its chips and how many match', async () => {
    await model.show(search('name:x'))
    await pass()

    expect(ids()).toEqual(['c', 'b', 'a'])
    expect([model.sentence, model.exact, model.chips]).toEqual(['Tasks c b a', 'name:x', [chip]])
    expect([model.ready, model.loading, model.problem]).toEqual([true, false, null])
    expect(model.facets.total?.total).toBe(3)
    expect(server.requestsTo('tasks')[0]?.parameters).toMatchObject({ q: 'name:x', limit: `${PAGE_SIZE}` })
  })

  it('for everything needs no words explained', async () => {
    await model.show(search(' '))

    expect(server.requestsTo('query')).toEqual([])
    expect(model.chips).toEqual([])
  })

  it('is followed from where its page was read', async () => {
    await model.show(search('name:x'))

    expect(follower).toMatchObject({ q: 'name:x', tz: 'UTC', after: 7, left: true })
  })

  it('is not changed by the late answer to an older one', async () => {
    const release = server.hold('tasks')
    const older = model.show(search('name:old'))
    server.answer('tasks', page(['new']))
    await model.show(search('name:new'))
    release()
    await older

    expect(ids()).toEqual(['new'])
    expect([model.search.q, model.loading]).toEqual(['name:new', false])
  })

  it('is found again as it was left, and followed from the last change', async () => {
    await model.show(search('name:x'))
    tell({ seq: 9, items: [row('b', { state: 'SUCCESS' })] })
    model.leave()
    expect(follower).toBeNull()
    await model.show(search('name:x'))

    expect(server.requestsTo('tasks')).toHaveLength(1)
    expect(states()).toEqual(['PENDING', 'SUCCESS', 'PENDING'])
    expect(follower?.after).toBe(9)
  })

  it('is loaded anew when it was left before it came', async () => {
    const release = server.hold('tasks')
    const first = model.show(search(''))
    model.leave()
    release()
    await first
    expect([model.ready, model.loading]).toEqual([false, false])

    await model.show(search(''))
    expect(ids()).toEqual(['c', 'b', 'a'])
  })
})

describe('what fails', () => {
  it('leaves the rows, and is tried again when the server was away', async () => {
    await model.show(search(''))
    server.lose('tasks')
    await model.load()
    expect([ids(), model.problem?.status, model.loading]).toEqual([['c', 'b', 'a'], 0, false])

    server.answer('tasks', page(['d']))
    await pass(1000)
    expect([ids(), model.problem]).toEqual([['d'], null])
  })

  it('is not tried again when the search is wrong, whose chips go', async () => {
    await model.show(search('name:x'))
    server.refuse('tasks', 400, { position: 0, end: 4 })
    await model.show(search('stat:x'))
    await pass(60_000)

    expect(server.requestsTo('tasks')).toHaveLength(2)
    expect([model.problem?.span, model.chips]).toEqual([{ start: 0, end: 4 }, []])
  })

  it('is no more tried once the page is left', async () => {
    server.refuse('tasks', 503)
    await model.show(search(''))
    model.leave()
    await pass(60_000)

    expect(server.requestsTo('tasks')).toHaveLength(1)
  })
})

describe('the next page', () => {
  it('comes behind this one, without a task that is shown already', async () => {
    server.answer('tasks', page(['c', 'b'], { next: 'cursor' }))
    await model.show(search(''))
    server.answer('tasks', page(['b', 'a']))
    await model.loadMore()

    expect([ids(), model.next]).toEqual([['c', 'b', 'a'], null])
    expect(server.requestsTo('tasks')[1]?.parameters['cursor']).toBe('cursor')
  })

  it('is asked for once, however often one clicks, and not at the end', async () => {
    server.answer('tasks', page(['c'], { next: 'cursor' }))
    await model.show(search(''))
    server.answer('tasks', page(['b']))
    await Promise.all([model.loadMore(), model.loadMore()])
    await model.loadMore()

    expect(server.requestsTo('tasks')).toHaveLength(2)
    expect(ids()).toEqual(['c', 'b'])
  })

  it('can be asked for again when it did not come', async () => {
    server.answer('tasks', page(['c'], { next: 'cursor' }))
    await model.show(search(''))
    server.refuse('tasks', 400)
    await model.loadMore()
    expect([ids(), model.problem?.status, model.loadingMore]).toEqual([['c'], 400, false])

    server.answer('tasks', page(['b']))
    await model.loadMore()
    expect([ids(), model.problem]).toEqual([['c', 'b'], null])
  })
})

describe('a change', () => {
  beforeEach(() => model.show(search('')))

  it('is shown where its row stands, and what is new waits', () => {
    tell({ items: [row('b', { state: 'STARTED' }), row('d')], new: ['d'] })

    expect(ids()).toEqual(['c', 'b', 'a'])
    expect(states()).toEqual(['PENDING', 'STARTED', 'PENDING'])
    expect(waitingLabel(model.rows)).toBe('1 new task')
  })

  it('brings the first rows by itself to a page that had none', async () => {
    server.answer('tasks', page([]))
    await model.show(search('name:x'))
    server.answer('tasks', page(['d']))

    tell({ items: [row('d')], new: ['d'] })
    await pass()

    expect([ids(), waitingLabel(model.rows)]).toEqual([['d'], null])
  })

  it('that was left out makes a page without rows look again, not at once and not all the time', async () => {
    server.answer('tasks', page([]))
    await model.show(search('name:x'))
    const before = server.requestsTo('tasks').length
    for (let second = 0; second < 4; second++) {
      tell({ skipped: 600 })
      await pass(1000)
    }
    expect([waitingLabel(model.rows), server.requestsTo('tasks').length]).toEqual([null, before])

    server.answer('tasks', page(['d']))
    await pass(1000)
    expect([ids(), server.requestsTo('tasks').length]).toEqual([['d'], before + 1])
  })

  it('that was left out is looked for no more once the page is left', async () => {
    server.answer('tasks', page([]))
    await model.show(search('name:x'))
    tell({ skipped: 600 })
    model.leave()
    const before = server.requestsTo('tasks').length
    await pass(60_000)

    expect(server.requestsTo('tasks')).toHaveLength(before)
  })

  it('of a page without rows is shown when the page is no longer paused', async () => {
    server.answer('tasks', page([]))
    await model.show(search('name:x'))
    server.answer('tasks', page(['d']))
    model.pause(true)
    tell({ items: [row('d')], new: ['d'] })
    await pass(60_000)
    expect([ids(), waitingLabel(model.rows)]).toEqual([[], '1 new task'])

    model.pause(false)
    await pass()
    expect([ids(), waitingLabel(model.rows)]).toEqual([['d'], null])
  })

  it('is held back while the page is paused, and shown after', () => {
    model.pause(true)
    tell({ items: [row('b', { state: 'STARTED' })] })
    expect([states()[1], model.rows.held.size]).toEqual(['PENDING', 1])

    model.pause(false)
    expect([states()[1], model.rows.held.size]).toEqual(['STARTED', 0])
  })

  it('is held back while a row is selected, even when it is no longer paused', () => {
    model.pause(true)
    model.pick('a', false)
    tell({ items: [row('b', { state: 'STARTED' })] })
    model.pause(false)
    expect(states()[1]).toBe('PENDING')

    model.clear()
    expect(states()[1]).toBe('STARTED')
  })

  it('that was told without its row makes the row be asked for', async () => {
    server.answer('tasks', page([], { items: [row('b', { state: 'SUCCESS' })] }))
    tell({ left: ['b'] })
    await pass()

    expect(server.requestsTo('tasks')[1]?.parameters).toEqual({ ids: 'b' })
    expect(states()).toEqual(['PENDING', 'SUCCESS', 'PENDING'])
    expect([...model.rows.gone]).toEqual(['b'])
  })

  it('makes the counts be asked for again, some seconds later', async () => {
    server.answer('tasks/count', count(4))
    tell({ items: [row('d')], new: ['d'] })
    await pass(5000)

    expect(model.facets.total?.total).toBe(4)
  })
})

it('after too many changes all rows are asked for, and more may wait', async () => {
  await model.show(search(''))
  follower?.reset(99)
  await pass()

  expect(server.requestsTo('tasks')[1]?.parameters).toEqual({ ids: 'c,b,a' })
  expect(waitingLabel(model.rows)).toBe('New tasks')
  model.leave()
  await model.show(search(''))
  expect(follower?.after).toBe(99)
})

describe('a selection', () => {
  beforeEach(() => model.show(search('')))

  it('takes a row, and gives it back', () => {
    model.pick('b', false)
    expect([chosen(), model.frozen]).toEqual([['b'], true])

    model.pick('b', false)
    expect([chosen(), model.frozen]).toEqual([[], false])
  })

  it('takes a range from the row that was selected last', () => {
    model.pick('c', false)
    model.pick('a', true)

    expect(chosen()).toEqual(['a', 'b', 'c'])
  })

  it('takes the whole page, and gives it back', () => {
    model.pickPage()
    expect(chosen()).toEqual(['a', 'b', 'c'])

    model.pickPage()
    expect(chosen()).toEqual([])
  })

  it('of all that match ends when one of them is given back', () => {
    model.pickAll()
    expect([model.all, chosen()]).toEqual([true, ['a', 'b', 'c']])

    model.pick('b', false)
    expect([model.all, chosen()]).toEqual([false, ['a', 'c']])
  })

  it('of all that match takes the rows that come behind', async () => {
    server.answer('tasks', page(['c'], { next: 'cursor' }))
    await model.load()
    model.pickAll()
    server.answer('tasks', page(['b']))
    await model.loadMore()

    expect([model.all, chosen()]).toEqual([true, ['b', 'c']])
  })

  it('of all that match needs one that does', async () => {
    server.answer('tasks', page([]))
    await model.load()
    model.pickAll()

    expect([model.all, model.frozen]).toEqual([false, false])
  })

  it('ends with the search that it was made in', async () => {
    model.pickAll()
    await model.load(search('name:x'))

    expect([model.all, chosen()]).toEqual([false, []])
  })
})

it('a task knows its neighbours on the page, and none beyond', async () => {
  await model.show(search(''))

  expect([model.neighbour('b', -1), model.neighbour('b', 1)]).toEqual(['c', 'a'])
  expect([model.neighbour('c', -1), model.neighbour('a', 1), model.neighbour('x', 1)]).toEqual([null, null, null])
})
