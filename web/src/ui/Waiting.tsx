/** Shown only after a moment (see messages.css), so that a quick answer does not flicker. */
export function Waiting() {
  return (
    <p className="waiting" role="status">
      Loading…
    </p>
  );
}
