import { describe, expect, it } from 'vitest'
import { accessLines, browserOf, roleWords, tokenWords } from './words'

const grant = { role: 'operator' as const, name: 'billing.*', queue: null, because: 'rule 1: groups has "billing"' }

describe('what somebody may do', () => {
  it('is a line for each role, with what gave it', () => {
    const access = [
      { cluster: 'shop', role: 'viewer' as const, because: 'rule 1', grants: [grant] },
      { cluster: 'lab', role: null, because: '', grants: [] },
    ]

    expect(accessLines(access)).toEqual([
      { cluster: 'shop', role: 'viewer', scope: 'of everything', because: 'rule 1' },
      { cluster: 'shop', role: 'operator', scope: 'of tasks billing.*', because: 'rule 1: groups has "billing"' },
      { cluster: 'lab', role: 'no role', scope: 'here', because: '' },
    ])
  })

  it('is a few words beside a name', () => {
    expect(roleWords('viewer', [grant])).toBe('viewer, operator of tasks billing.*')
    expect(roleWords('admin', [])).toBe('admin')
  })

  it('is said of tokens', () => {
    expect(tokenWords({ role: 'admin', names: [], queues: [] })).toBe('admin of everything')
    expect(tokenWords({ role: 'operator', names: ['a.*', 'b'], queues: ['slow'] })).toBe('operator of tasks a.*, b in the queue slow')
    expect(tokenWords({ role: 'operator', names: [], queues: ['x', 'y'] })).toBe('operator of tasks in the queues x, y')
  })
})

it.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0', 'Edge on Windows'],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15', 'Safari on macOS'],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1', 'Chrome on iPhone'],
  ['Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36', 'Chrome on Android'],
  ['curl/8.9.1', 'curl/8.9.1'],
  ['', 'not known'],
])('a browser is called by its name: %s', (client, name) => {
  expect(browserOf(client)).toBe(name)
})
