/** The moon and the name. The drawing says nothing that the name does not. */
export function Brand() {
  return (
    <span className="brand">
      <svg className="brand-moon" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <rect className="brand-night" width="32" height="32" rx="8" />
        <path className="brand-light" d="M21.5 20.3A8.6 8.6 0 0 1 12.1 8.1a8.6 8.6 0 1 0 9.4 12.2Z" />
        <circle className="brand-light" cx="21.5" cy="10.5" r="1.7" />
      </svg>
      Curfew
    </span>
  );
}
