/** Before a row goes: gives the focus it holds to a button beside it, or to the page's heading where there is none. */
export function moveFocusAway(row: HTMLElement | null): void {
  if (!row?.contains(document.activeElement)) return;
  const button = [row.nextElementSibling, row.previousElementSibling]
    .map((neighbour) => neighbour?.querySelector('button'))
    .find(Boolean);
  (button ?? document.querySelector('h1'))?.focus();
}
