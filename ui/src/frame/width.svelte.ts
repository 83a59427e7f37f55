/** Whether the screen is narrow. The style sheets turn at the same width, 48rem. */

import { MediaQuery } from 'svelte/reactivity'

export const narrow = new MediaQuery('width < 48rem', false)
