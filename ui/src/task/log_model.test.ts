import { describe, expect, it } from 'vitest'
import { pass, scriptedServer } from '../api/scripted_server'
import { LogModel } from './log_model.svelte'

const server = scriptedServer()
const run = { retries: 0, started: 1, worker: 'w1', pid: 7, written: 2, left_out: 0, missing: 0 }
const answer = (number: number, next: string, complete = true): unknown => ({
  parts: [{ ...run, lines: [{ number, at: 1, level: 20, logger: 'a', text: `line ${number}`, cut: 0 }] }],
  runs: [run],
  next,
  complete,
  are_sent: true,
})

describe('the log of a task', () => {
  it('is read page by page, and on from there when the task changes', async () => {
    const model = new LogModel('a')
    server.answer('tasks/a/log', answer(1, '1.5'))
    void model.read()
    await pass()
    server.answer('tasks/a/log', answer(2, '1.6'))
    void model.read()
    void model.read()
    await pass()

    expect(server.requestsTo('tasks/a/log').map(({ parameters }) => parameters['after'])).toEqual([undefined, '1.5', '1.6'])
    expect(model.runs[0]?.lines.map(({ text }) => text)).toEqual(['line 1', 'line 2'])
  })

  it('keeps what it has when it cannot be read', async () => {
    const model = new LogModel('a')
    server.answer('tasks/a/log', answer(1, '1.5'))
    void model.read()
    await pass()
    server.refuse('tasks/a/log', 503)
    void model.read()
    await pass()

    expect(model.problem?.message).toBe('Not so.')
    expect(model.runs).toHaveLength(1)
  })
})
