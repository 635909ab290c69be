import { Link } from '@tanstack/react-router';
import { Card } from '../ui/Card';

export function NotFoundPage() {
  return (
    <Card heading="There is no such page">
      <p>The address may be mistyped, or the page has gone.</p>
      <p>
        <Link to="/">Go to your todos</Link>
      </p>
    </Card>
  );
}
