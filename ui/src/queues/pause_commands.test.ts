import { expect, it, vi } from 'vitest'
import { asksToPause, PAUSE_COMMANDS_MAX, pauseCommands } from './pause_commands'

const PAUSED = { by: 'ann', since: 1, reason: '' }
const QUEUES = {
  items: [{ name: 'mail', paused: null }, { name: 'mail.slow', paused: PAUSED }, ...Array.from({ length: 20 }, (_, n) => ({ name: `q${n}`, paused: null }))],
  capabilities: { missing: {} },
}
const titles = (typed: string, queues = QUEUES): string[] => pauseCommands(typed, queues, null, vi.fn()).map(({ title }) => title)

it('the queues that are typed are offered, by what can be done to each', () => {
  expect(titles('pause mail')).toEqual(['Pause queue mail'])
  expect(titles('RESUME')).toEqual(['Resume queue mail.slow'])
  expect(titles('slow resume')).toEqual(['Resume queue mail.slow'])
  expect(titles('pau')).toHaveLength(PAUSE_COMMANDS_MAX)
})

it('nothing is offered before it is asked for, or where workers cannot be told', () => {
  expect(asksToPause('mail pa')).toBe(false)
  expect(titles('mail')).toEqual([])
  expect(titles('pause mail', { ...QUEUES, capabilities: { missing: { control: 'no' } } })).toEqual([])
})

it('a command opens the plan of its queue, and says why it cannot', () => {
  const open = vi.fn()
  const [command] = pauseCommands('resume slow', QUEUES, 'This needs the role operator.', open)

  void command?.run()

  expect(open).toHaveBeenCalledWith('resume', 'mail.slow')
  expect(command?.why).toBe('This needs the role operator.')
})
