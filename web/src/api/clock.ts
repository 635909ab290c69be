/** The server's time, by which sessions end: this computer's clock may be wrong. */
let aheadMs = 0;

/** An answer's `Date` is whole seconds, and was written some time between the question and now. */
export function noteServerTime(date: string | null, askedAt: number): void {
  const written = date === null ? NaN : Date.parse(date);
  if (Number.isNaN(written)) return;
  aheadMs = written + 500 - (askedAt + Date.now()) / 2;
}

/** In milliseconds, like `Date.now()`. */
export const serverNow = () => Date.now() + aheadMs;
