import { useEffect, useRef } from 'react';

let firstPage = true;

/**
 * The h1 and the title of a page. After moving from one page to another it takes the focus, so that a screen
 * reader says where one is and Tab goes on from the top; on a fresh load the browser does that by itself.
 */
export function PageHeading({ children }: { children: string }) {
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    if (!firstPage && !document.activeElement?.closest('main')) heading.current?.focus();
    firstPage = false;
  }, []);

  return (
    <>
      <title>{`${children} · Curfew`}</title>
      <h1 ref={heading} tabIndex={-1} className="page-heading">
        {children}
      </h1>
    </>
  );
}
