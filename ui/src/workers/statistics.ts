/** What `inspect stats` answers, in the units of people. Source: celery/worker/worker.py `stats`. */

import { member, numberAt } from '../json/convert'
import type { Json } from '../json/parse'
import { brokerFacts } from './broker_facts'
import type { Fact } from './facts'
import { poolFacts } from './pool_facts'
import { processFacts } from './process_facts'

export interface Statistics {
  /** Facts by what they are of; what nothing is said of is left out. */
  sections: { title: string; facts: Fact[] }[]
  /** How many tasks of each name the worker has taken since it started, most first. */
  totals: Total[]
}

export interface Total {
  name: string
  count: number
}

/** What is there; what an older or another Celery leaves out is left out. */
export function statistics(value: Json): Statistics {
  const sections = [
    { title: 'Pool', facts: poolFacts(value) },
    { title: 'Connection to the broker', facts: brokerFacts(member(value, 'broker')) },
    { title: 'Main process', facts: processFacts(value) },
  ]
  return { sections: sections.filter(({ facts }) => facts.length > 0), totals: totalsOf(value) }
}

function totalsOf(value: Json): Total[] {
  const total = member(value, 'total')
  const names = total?.kind === 'object' ? total.members.map(({ key }) => key) : []
  return names
    .map((name) => ({ name, count: numberAt(total, name) ?? 0 }))
    .toSorted((a, b) => b.count - a.count || a.name.localeCompare(b.name))
}
