import type { ReactNode } from 'react';
import { Brand } from './Brand';
import { PageHeading } from './PageHeading';

/** A page that is one small sheet in the middle: sign-in, signed out, not found. */
export function Card({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <main className="card-page">
      <div className="card stack">
        <Brand />
        <PageHeading>{heading}</PageHeading>
        {children}
      </div>
    </main>
  );
}
