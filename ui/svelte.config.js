/** Styles go into files of their own, so that `style-src 'self'` holds. */
export default {
  compilerOptions: { css: 'external', runes: true },
}
