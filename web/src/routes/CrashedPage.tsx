import type { ErrorComponentProps } from '@tanstack/react-router';
import { explain } from '../api/problem';
import { Card } from '../ui/Card';
import { Failure } from '../ui/Failure';

export function CrashedPage({ error, reset }: ErrorComponentProps) {
  return (
    <Card heading="This page stumbled">
      <Failure {...explain(error instanceof Error ? error : new Error(String(error)))} onRetry={reset} />
    </Card>
  );
}
