/** What the dialog of a saved search offers, by what is searched for and who looks. */

import type { ListedSearch } from '../api/schema'

/** As the server has it; longer names are refused there with a sentence. */
export const NAME_MAX = 100

export interface SaveForm {
  /** The one that just this search is; null: it is none yet. */
  exact: ListedSearch | null
  /** The one that would be given this search. */
  updates: ListedSearch | null
  /** Why `exact` stays as it is, in a sentence; null where it can be changed. */
  fixed: string | null
}

/** `base` is the saved search from which this one began. */
export function saveForm(exact: ListedSearch | null, base: ListedSearch | null): SaveForm {
  return {
    exact,
    updates: exact === null && base?.changeable ? base : null,
    fixed: exact === null || exact.changeable ? null : fixedBy(exact),
  }
}

function fixedBy({ owner, mine }: ListedSearch): string {
  if (mine && owner !== '') return 'You shared this search while you might. Now you can delete it, and admins can change it.'
  return `${owner === '' ? 'It was saved when nobody logged in' : `${owner} shares this search`}, and only ${owner === '' ? '' : 'they and '}admins change it. Under another name it can be yours.`
}

/** Why somebody cannot save at all, or cannot share, in a sentence; null where they can. */
export function saveRefusal(hasLogin: boolean, operate: string | null): { save: string | null; share: string | null } {
  return { save: hasLogin ? null : operate, share: operate }
}
