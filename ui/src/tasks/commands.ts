/** What the palette does on the Tasks page. */

import { searchRule } from '../alerts/page_rules'
import { draftPath } from '../alerts/words'
import type { Command } from '../frame/commands.svelte'
import { router } from '../frame/router.svelte'
import type { TasksModel } from './model.svelte'
import type { SearchText } from './search_text.svelte'

/** As things stand: live updates are paused or resumed, never both. */
export function commandsOf(model: TasksModel, editor: SearchText): Command[] {
  const pause = (): void => model.pause(!model.paused)
  return [
    { icon: model.paused ? 'play' : 'pause', title: model.paused ? 'Resume live updates' : 'Pause live updates', why: null, run: pause },
    { icon: 'failure', title: 'Failures alone, or all states again', why: null, run: () => editor.toggle('FAILURE') },
    { icon: 'bell', title: 'Alert on this search', why: null, run: () => router.go(draftPath(searchRule(model.search.q))) },
    { icon: 'check', title: 'Select all that match', why: null, run: () => model.pickAll() },
  ]
}
