/** The columns for everybody who has chosen no other ones: the server names them in a `<meta>`. */

import { layoutOf } from './columns'

const named = document.querySelector<HTMLMetaElement>('meta[name="umbel-tasks-columns"]')

export const USUAL_LAYOUT = layoutOf(named?.content ?? '')
