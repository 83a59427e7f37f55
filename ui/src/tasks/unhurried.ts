/**
 * How often an answer is asked for again that may take the server long: some seconds later, and
 * the later the longer it took, so that pages cost it a small part of its time.
 */

const LEAST_S = 10
const SHARE = 20

export class Unhurried {
  private took_s = 0

  async time<T>(answer: Promise<T>): Promise<T> {
    const began = performance.now()
    try {
      return await answer
    } finally {
      this.took_s = (performance.now() - began) / 1000
    }
  }

  readonly pause = (): number => Math.max(LEAST_S, this.took_s * SHARE)
}
