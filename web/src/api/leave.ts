/** On its own, as the one step that a test can't let happen. */
export function leaveFor(address: string): void {
  window.location.assign(address);
}
