const number = new Intl.NumberFormat('en-GB');

/** "1 session", "1,200 sessions". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${number.format(count)} ${count === 1 ? one : many}`;
}
