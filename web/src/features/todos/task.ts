/** The same rule as the API's, said before a round trip. The API has the last word. */
const LONGEST = 500;

export function complaintAbout(task: string): string | undefined {
  const wanted = task.trim();
  if (wanted === '') return 'Write down what there is to do.';
  // By code point, as the API counts.
  if (Array.from(wanted).length > LONGEST) return `At most ${String(LONGEST)} characters, please.`;
  return undefined;
}
