import { describe, expect, it } from 'vitest'
import { firstEdit, wantedOf } from './edit'

const cron = { entry: { schedule: { kind: 'crontab' } } as never, written: '0 8 * * mon-fri', zone: 'Europe/Berlin' }

describe('an entry that is edited', () => {
  it('begins as it is', () => {
    expect(firstEdit(cron)).toEqual({ kind: 'crontab', crontab: '0 8 * * mon-fri', zone: 'Europe/Berlin', every: '' })
    expect(firstEdit({ entry: { schedule: { kind: 'interval', every_s: 30 } } as never, written: '', zone: '' })).toMatchObject({ kind: 'every', every: 30 })
  })

  it('asks for what is typed alone', () => {
    const typed = { ...firstEdit(cron), crontab: ' 5 8 * * * ' }
    expect(wantedOf('edit', typed)).toEqual({ crontab: '5 8 * * *', zone: 'Europe/Berlin' })
    expect(wantedOf('edit', { ...typed, kind: 'every', every: 60 })).toEqual({ every_s: 60 })
    expect(wantedOf('disable', typed)).toEqual({ enabled: false })
  })
})
