/** How many messages wait at each priority, as bars, the first to be delivered first. */

export interface PriorityBar {
  step: number
  count: number
  /** Of the fullest one. */
  part: number
}

/** Celery takes the lowest number first on Redis, RabbitMQ the highest. Empty where all are of the usual one. */
export function priorityBars(priorities: Readonly<Record<string, number>>, transport: string): PriorityBar[] {
  const steps = Object.entries(priorities).map(([step, count]) => ({ step: Number(step), count }))
  const most = Math.max(1, ...steps.map(({ count }) => count))
  const isUsual = transport !== 'amqp' && steps.every(({ step, count }) => step === 0 || count === 0)
  if (isUsual) return []
  const sign = transport === 'amqp' ? -1 : 1
  return steps.toSorted((a, b) => sign * (a.step - b.step)).map((each) => ({ ...each, part: each.count / most }))
}
