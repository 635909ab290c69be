interface Props {
  sentence: string;
  /** By which the company's administrator finds this very call in the log. */
  requestId?: string | undefined;
  onRetry?: (() => void) | undefined;
}

export function Failure({ sentence, requestId, onRetry }: Props) {
  return (
    <div className="failure" role="alert">
      <p>{sentence}</p>
      {requestId && (
        <p className="failure-id">
          Request id: <code>{requestId}</code>
        </p>
      )}
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
