import { beforeEach, describe, expect, it } from 'vitest'
import type { ActionPlan, ActionReport } from '../api/control_types'
import { pass, scriptedServer } from '../api/scripted_server'
import { ActionFlow } from './flow.svelte'

const server = scriptedServer()
let flow: ActionFlow

const plan = (id: string): ActionPlan => ({
  id,
  request: { action: 'revoke', q: null, ids: ['a'], reason: null },
  actor: 'ada',
  made: 0,
  expires: 600,
  sentence: 'Revoke 1 task.',
  count: 1,
  capped: false,
  complete: true,
  skipped: {},
  bounds: null,
  by_state: {},
  fidelity: {},
  sample: [],
  consequences: [],
  workers: [],
  confirm: null,
  impossible: null,
})
const report = (state: ActionReport['state'], done = 0): ActionReport => ({
  id: 'p1',
  state,
  sentence: '',
  total: 3,
  done,
  failed: 0,
  skipped: 0,
  workers: [],
  failures: {},
  left_out: {},
  is_unsure: false,
  is_unconfirmed: false,
  notes: [],
  sent: {},
  started: null,
  finished: null,
})
const action = (state: ActionReport['state'], done = 0): { plan: ActionPlan; report: ActionReport } => ({
  plan: plan('p1'),
  report: report(state, done),
})
const executions = (): unknown[] => server.requestsTo('actions/p1/execute').map(({ body }) => body)

beforeEach(async () => {
  flow = new ActionFlow()
  server.answer('actions', plan('p1'))
  await flow.prepare({ action: 'revoke', ids: ['a'] })
})

describe('a plan', () => {
  it('is shown before anything is done', () => {
    expect([flow.phase, flow.plan?.sentence]).toEqual(['planned', 'Revoke 1 task.'])
    expect(server.requests.map(({ method, path }) => [method, path])).toEqual([['POST', 'actions']])
  })

  it('that is refused leaves none, and says why', async () => {
    server.refuse('actions', 400, { parameter: 'rate' })
    await flow.prepare({ action: 'rate_limit', rate: 'fast' })

    expect([flow.phase, flow.plan, flow.problem?.parameter]).toEqual(['none', null, 'rate'])
  })

  it('is not replaced by the late answer to an older request', async () => {
    const release = server.hold('actions')
    const older = flow.prepare({ action: 'revoke' })
    server.answer('actions', plan('p2'))
    await flow.prepare({ action: 'terminate' })
    release()
    await older

    expect([flow.phase, flow.plan?.id]).toEqual(['planned', 'p2'])
  })

  it('does not come back once it was given up', async () => {
    const release = server.hold('actions')
    const late = flow.prepare({ action: 'revoke' })
    flow.reset()
    release()
    await late

    expect([flow.phase, flow.plan]).toEqual(['none', null])
  })
})

describe('an execution', () => {
  it('sends the number that was typed, and the reason', async () => {
    server.answer('actions/p1/execute', report('done', 3))
    await flow.execute(101, ' wrong prices ')

    expect(executions()).toEqual([{ confirm: 101, reason: 'wrong prices' }])
    expect([flow.phase, flow.report?.done]).toEqual(['ended', 3])
  })

  it('is begun once, however often one clicks', async () => {
    server.answer('actions/p1/execute', report('done'))
    await Promise.all([flow.execute(null, ''), flow.execute(null, '')])
    await flow.execute(null, '')

    expect(executions()).toHaveLength(1)
  })

  it('is followed until it has ended', async () => {
    server.answer('actions/p1/execute', report('running'))
    server.answerInTurn('actions/p1', action('running', 1), action('done', 3))
    void flow.execute(null, '')
    await pass()
    expect([flow.phase, flow.report?.done]).toEqual(['running', 0])

    await pass(400)
    expect([flow.phase, flow.report?.done]).toEqual(['running', 1])
    await pass(400)
    expect([flow.phase, flow.report?.done]).toEqual(['ended', 3])

    await pass(60_000)
    expect(server.requestsTo('actions/p1')).toHaveLength(2)
  })

  it('that is refused keeps the plan, and says why', async () => {
    server.refuse('actions/p1/execute', 409)
    await flow.execute(null, '')

    expect([flow.phase, flow.plan?.id, flow.problem?.status]).toEqual(['planned', 'p1', 409])
    expect(server.requestsTo('actions/p1')).toEqual([])
  })

  it('is followed no longer once the dialog is closed', async () => {
    server.answer('actions/p1/execute', report('running'))
    server.answer('actions/p1', action('running'))
    void flow.execute(null, '')
    await pass()
    flow.reset()
    await pass(60_000)

    expect(server.requestsTo('actions/p1')).toEqual([])
    expect([flow.phase, flow.report]).toEqual(['none', null])
  })
})

describe('when the answer to an execution is lost', () => {
  beforeEach(() => server.lose('actions/p1/execute'))

  it('an action that began is followed, and nothing is wrong', async () => {
    server.answer('actions/p1', action('done', 3))
    await flow.execute(null, '')

    expect([flow.phase, flow.report?.done, flow.problem]).toEqual(['ended', 3, null])
    expect(executions()).toHaveLength(1)
  })

  it('an action that did not begin can be executed again', async () => {
    server.answer('actions/p1', action('planned'))
    await flow.execute(null, '')
    expect([flow.phase, flow.problem?.status]).toEqual(['planned', 0])

    server.answer('actions/p1/execute', report('done', 3))
    await flow.execute(null, '')
    expect([flow.phase, flow.problem]).toEqual(['ended', null])
  })

  it('and the question what became of it as well, the plan stays and the problem is told', async () => {
    server.lose('actions/p1')
    await flow.execute(null, '')

    expect([flow.phase, flow.plan?.id, flow.problem?.status]).toEqual(['planned', 'p1', 0])
  })
})

it('a running action is asked for again after a failure, which is told until then', async () => {
  server.answer('actions/p1/execute', report('running'))
  server.refuse('actions/p1', 503)
  void flow.execute(null, '')
  await pass(400)
  expect([flow.phase, flow.problem?.status]).toEqual(['running', 503])

  server.answer('actions/p1', action('done', 3))
  await pass(30_000)
  expect([flow.phase, flow.report?.done, flow.problem]).toEqual(['ended', 3, null])
})

describe('a running action', () => {
  beforeEach(async () => {
    server.answer('actions/p1/execute', report('running'))
    server.answer('actions/p1', action('running'))
    void flow.execute(null, '')
    await pass()
  })

  it('is stopped once, however often one clicks', async () => {
    server.answer('actions/p1/cancel', report('cancelled', 1))
    await Promise.all([flow.cancel(), flow.cancel()])

    expect(server.requestsTo('actions/p1/cancel')).toHaveLength(1)
    expect([flow.stopping, flow.report?.state]).toEqual([true, 'cancelled'])
    flow.reset()
  })

  it('can be stopped again when stopping failed', async () => {
    server.refuse('actions/p1/cancel', 503)
    await flow.cancel()

    expect([flow.stopping, flow.problem?.status]).toEqual([false, 503])
    flow.reset()
  })
})

it('what does not run cannot be stopped, and without a plan nothing is executed', async () => {
  await flow.cancel()
  flow.reset()
  await flow.execute(null, '')

  expect(server.requests.map(({ path }) => path)).toEqual(['actions'])
})
