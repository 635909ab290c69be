import { useEffect, useState } from 'react';

/** The time, for words such as "5 minutes ago": looked at again while the page is open, without asking anybody. */
export function useNow(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(new Date());
    }, 30_000);
    return () => {
      clearInterval(timer);
    };
  }, []);
  return now;
}
