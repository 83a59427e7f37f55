import { expect, test } from 'vitest'
import type { ListedSearch } from '../api/schema'
import { saveForm, saveRefusal } from './save_form'

const one: ListedSearch = {
  id: '1', name: 'Mails', q: 'queue:mail', order: '-changed', tz: 'UTC', shared: true, owner: 'otto', mine: true,
  changeable: true, deletable: true, created: 0, changed: 0, changed_by: 'otto',
}
const theirs = { ...one, mine: false, changeable: false, deletable: false }

test('a search that began as a saved one can take its place', () => {
  expect(saveForm(null, one).updates).toBe(one)
  expect(saveForm(null, theirs).updates).toBeNull()
  expect(saveForm(one, one).updates).toBeNull()
})

test('what one may not change says why', () => {
  expect(saveForm(one, one).fixed).toBeNull()
  expect(saveForm(theirs, null).fixed).toContain('otto shares this search')
  expect(saveForm({ ...theirs, owner: '' }, null).fixed).toContain('when nobody logged in')
  expect(saveForm({ ...one, changeable: false }, null).fixed).toContain('You shared')
})

test('where nobody logs in, saving takes what sharing takes', () => {
  expect(saveRefusal(true, 'no')).toEqual({ save: null, share: 'no' })
  expect(saveRefusal(false, 'no')).toEqual({ save: 'no', share: 'no' })
  expect(saveRefusal(false, null)).toEqual({ save: null, share: null })
})
