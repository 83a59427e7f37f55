import { describe, expect, it } from 'vitest'
import { emptyWords, filterPath, readFilter } from './filter'

describe('the filter of the errors', () => {
  it('lists the open ones where the address says nothing that it knows', () => {
    expect(readFilter('')).toEqual({ shown: 'open', q: '' })
    expect(readFilter('?state=odd&q=queue%3Amail')).toEqual({ shown: 'open', q: 'queue:mail' })
  })

  it('stands in the address beside the time, without what is usual', () => {
    expect(filterPath('?range=1h&state=all&q=x', { shown: 'open', q: ' ' })).toBe('errors?range=1h')
    expect(readFilter(filterPath('', { shown: 'ignored', q: 'queue:mail' }).slice('errors'.length))).toEqual({ shown: 'ignored', q: 'queue:mail' })
  })

  it('says why nothing is listed', () => {
    expect(emptyWords({ shown: 'all', q: '' }, 0)).toBe('No task failed in this time')
    expect(emptyWords({ shown: 'all', q: '' }, 2)).toBe('No failure of this time tells its error')
    expect(emptyWords({ shown: 'open', q: 'a' }, 0)).toBe('No task that matches failed in this time with an open error')
    expect(emptyWords({ shown: 'resolved', q: '' }, 0)).toBe('No error is resolved')
  })
})
