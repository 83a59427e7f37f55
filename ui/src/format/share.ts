/** A part of a whole as people read it: "9.7 %", "0.04 %", "0 %". */
export function formatShare(part: number): string {
  const percent = part * 100
  if (percent <= 0) return '0 %'
  if (percent < 0.01) return '< 0.01 %'
  if (percent < 0.1) return `${percent.toFixed(2)} %`
  if (percent < 10) return `${Number(percent.toFixed(1))} %`
  return percent > 99.5 && percent < 100 ? `${Math.floor(percent * 10) / 10} %` : `${Math.round(percent)} %`
}
