import { describe, expect, it } from 'vitest'
import type { NameList } from '../api/schema'
import { between, lastOf } from '../time/range'
import { comparedSentence, rangeOfNumbers, readAgainst, writeAgainst } from './against'

const NOW = 1_795_348_800
const DEPLOY = { id: 'd', at: NOW - 600, title: 'Deploy of 5.7', version: '5.7' }

function list(changes: Partial<NameList>): NameList {
  const earlier = { since: NOW - 7_200, until: NOW - 3_600, deploy: null, incomplete: null }
  return { since: NOW - 3_600, against: 'before', earlier, uncompared: '', ...changes } as NameList
}

it('what is compared with stands in the address, beside the rest', () => {
  expect(writeAgainst('?range=6h', 'last-deploy')).toBe('?range=6h&against=last-deploy')
  expect(readAgainst('?range=6h&against=last-deploy')).toBe('last-deploy')
  expect(writeAgainst('?against=yesterday', 'before')).toBe('')
  expect(readAgainst('?against=christmas')).toBe('before')
})

describe('the time of the numbers', () => {
  it('is the range', () => {
    expect(rangeOfNumbers(list({}), lastOf('1h'))).toEqual(lastOf('1h'))
  })

  it('begins with a deploy that is within the range', () => {
    const divided = list({ since: DEPLOY.at, earlier: { since: NOW - 1_200, until: DEPLOY.at, deploy: DEPLOY, incomplete: null } })

    expect(rangeOfNumbers(divided, lastOf('1h'))).toEqual(between(DEPLOY.at, null))
    expect(rangeOfNumbers(divided, between(NOW - 3_600, NOW))).toEqual(between(DEPLOY.at, NOW))
  })
})

describe('what is said of the comparison', () => {
  const sentenceOf = (changes: Partial<NameList>): string => comparedSentence(list(changes), NOW, 'utc')

  it('is nothing where the choice says it', () => {
    expect(sentenceOf({})).toBe('')
    expect(sentenceOf({ against: 'yesterday' })).toBe('')
  })

  it('is which deploy it was', () => {
    const earlier = { since: NOW - 1_200, until: DEPLOY.at, deploy: DEPLOY, incomplete: null }

    expect(sentenceOf({ against: 'last-deploy', since: DEPLOY.at, earlier })).toMatch(/^Since Deploy of 5\.7 \(.*\), compared with as long a time before it\.$/)
    expect(sentenceOf({ against: 'last-deploy', since: NOW - 300, earlier })).toMatch(/^Compared with as long a time before Deploy of 5\.7 \(.*\)\.$/)
  })

  it('is why there is none', () => {
    expect(sentenceOf({ against: 'last-week', earlier: null, uncompared: 'The history does not reach back.' })).toBe('There is nothing to compare with. The history does not reach back.')
  })

  it('is that something of that time was not heard', () => {
    const incomplete = { start: 1, end: 2, missed_s: 30, lost: 0, gaps: [], healing: null }

    expect(sentenceOf({ against: 'yesterday', earlier: { since: 1, until: 2, deploy: null, incomplete } })).toBe('Compared with the same time yesterday. Events of that time may be missing.')
  })
})
