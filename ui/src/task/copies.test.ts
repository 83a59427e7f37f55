import { describe, expect, it } from 'vitest'
import { parseJson } from '../json/parse'
import { curlThatReads, curlThatSends, missingArguments, pythonCall, pythonLiteral, pythonText, shellText, type Sent } from './copies'

const API = { href: 'http://umbel:5555/api/v1/tasks/1', login: true }
const exactly = (args: string, kwargs = '{}') => ({ source: 'exact' as const, args, kwargs })
const of = (name: string, route: Partial<Sent> = {}): Sent => ({ name, queue: null, exchange: null, routing_key: null, ...route })

describe('a task that is sent again from elsewhere', () => {
  it('goes to the queue in which it was', () => {
    const mail = of('shop.mail', { queue: 'mail', exchange: '', routing_key: 'mail' })

    expect(pythonCall(mail, exactly('[1]'))).toBe("app.send_task('shop.mail', args=[1], queue='mail')")
    expect(curlThatSends(API, mail, exactly('[1]'))).toContain(`-d '{"name": "shop.mail", "args": [1], "kwargs": {}, "queue": "mail"}'`)
  })

  it('goes to the exchange to which it was published', () => {
    const published = of('shop.news', { queue: 'celery', exchange: 'topics', routing_key: 'news.eu' })

    expect(pythonCall(published, exactly('[]'))).toBe("app.send_task('shop.news', exchange='topics', routing_key='news.eu')")
    expect(curlThatSends(API, published, exactly('[]'))).toContain('"kwargs": {}, "exchange": "topics", "routing_key": "news.eu"}')
  })
})

describe('a call in Python', () => {
  it('names the task and what it was given', () => {
    expect(pythonCall(of('shop.charge'), exactly('[4711, "x"]', '{"currency": "EUR", "final": true, "note": null}'))).toBe(
      `app.send_task(\n    'shop.charge',\n    args=[4711, 'x'],\n    kwargs={'currency': 'EUR', 'final': True, 'note': None},\n)`,
    )
    expect(pythonCall(of('shop.tally'), exactly('[1]'))).toBe("app.send_task('shop.tally', args=[1])")
    expect(pythonCall(of('shop.tally'), exactly('[]'))).toBe("app.send_task('shop.tally')")
  })

  it('is none while the arguments are not known whole', () => {
    expect(pythonCall(of('shop.tally'), { source: 'none', args: '', kwargs: '{}' })).toBeNull()
    expect(curlThatSends(API, of('shop.tally'), { source: 'none', args: '', kwargs: '{}' })).toBeNull()
  })

  it('keeps numbers as they are written', () => {
    expect(pythonLiteral(parseJson('[12345678901234567890, 1.50, -0, 1e5]'))).toBe('[12345678901234567890, 1.50, -0, 1e5]')
  })

  it.each([
    ['plain', "'plain'"],
    ["it's", '"it\'s"'],
    ['both \' and "', `'both \\' and "'`],
    ['a\nb\\', "'a\\nb\\\\'"],
    ['\u0000\u2028\u202e', "'\\u0000\\u2028\\u202e'"],
    ['日本 😀', "'日本 😀'"],
    ['\ud800', "'\\ud800'"],
  ])('writes texts as Python reads them: %j', (text, written) => {
    expect(pythonText(text)).toBe(written)
  })
})

describe('a request in a shell', () => {
  it('has no token but names one', () => {
    expect(curlThatReads({ ...API, login: false })).toBe("curl -s \\\n  'http://umbel:5555/api/v1/tasks/1'")
    expect(curlThatReads(API)).toBe(
      `curl -s \\\n  -H "Authorization: Bearer $UMBEL_TOKEN" \\\n  'http://umbel:5555/api/v1/tasks/1'`,
    )
  })

  it('sends what the task was called with, in a quote that nothing leaves', () => {
    expect(curlThatSends(API, of('shop.mail'), exactly('["it\'s $HOME"]'))).toContain(
      `-d '{"name": "shop.mail", "args": ["it'\\''s $HOME"], "kwargs": {}}'`,
    )
    expect(shellText('`rm`')).toBe("'`rm`'")
  })
})

describe('a task that cannot be written as a call', () => {
  it.each([
    [{ name: null, args: '(1,)', kwargs: '{}' }, 'name is not known'],
    [{ name: 'a', args: null, kwargs: null }, 'not seen'],
    [{ name: 'a', args: "('abc...", kwargs: '{}' }, 'cut in its events'],
    [{ name: 'a', args: '()', kwargs: "{'password': <hidden>}" }, 'hidden here'],
    [{ name: 'a', args: '(<Order: 1>,)', kwargs: '{}' }, 'JSON cannot say'],
  ])('says why: %j', (task, why) => {
    expect(missingArguments(task)).toContain(why)
  })
})
