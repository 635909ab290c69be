/** Before a row goes: gives the focus it holds to a neighbour, or to the page's heading when it was the last. */
export function moveFocusAway(row: HTMLElement | null): void {
  if (!row?.contains(document.activeElement)) return;
  const neighbour = row.nextElementSibling ?? row.previousElementSibling;
  const target = neighbour?.querySelector('input') ?? document.querySelector('h1');
  target?.focus();
}
