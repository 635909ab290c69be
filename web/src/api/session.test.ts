import { expect, test } from 'vitest';
import { Session, type SessionEvent } from './session';

function listened() {
  const session = new Session();
  const events: SessionEvent[] = [];
  session.subscribe((event) => events.push(event));
  return { session, events };
}

test('a 401 before anybody was seen signed in is no sign-out, and no news for other tabs', () => {
  const { session, events } = listened();
  session.refuse();
  expect(events).toEqual([{ kind: 'refused', tellOthers: false }]);
  expect(session.snapshot()).toMatchObject({ ended: true, wasSignedOut: false });
});

test('a 401 after somebody was seen signed in is one, and other tabs are told', () => {
  const { session, events } = listened();
  session.recognise('trinity');
  session.refuse();
  expect(events).toEqual([{ kind: 'refused', tellOthers: true }]);
  expect(session.snapshot()).toMatchObject({ ended: true, wasSignedOut: true });
});

test('a tab that was told by another finds out for itself, and tells nobody', () => {
  const { session, events } = listened();
  session.recognise('trinity');
  session.doubt();
  session.refuse();
  expect(events).toEqual([{ kind: 'doubted' }, { kind: 'refused', tellOthers: false }]);
  expect(session.snapshot()).toMatchObject({ ended: true, wasSignedOut: true });
});

test('someone else than before casts doubt on everything', () => {
  const { session, events } = listened();
  session.recognise('trinity');
  session.recognise('trinity');
  expect(events).toEqual([]);
  session.recognise('bobby');
  expect(events).toEqual([{ kind: 'doubted' }]);
});

test("one's own sign-out is not called a forced one, nor is a 401 that follows it", () => {
  const { session } = listened();
  session.recognise('trinity');
  session.leave();
  session.refuse();
  expect(session.snapshot()).toMatchObject({ ended: true, wasSignedOut: false });
});

test('a 401 while leaving is the leaving itself, and after leaving has failed it is not', () => {
  const { session, events } = listened();
  session.recognise('trinity');
  session.leaving();
  session.noteSignedOut(session.refuse());
  expect(events).toEqual([{ kind: 'left', person: 'trinity', continueAt: null }]);
  expect(session.snapshot()).toMatchObject({ ended: true, wasSignedOut: false });

  session.begin();
  session.recognise('trinity');
  session.leaving();
  session.stay();
  session.refuse();
  expect(session.snapshot()).toMatchObject({ ended: true, wasSignedOut: true });
});

test('leaving may go on to the provider, until something else happens', () => {
  const { session, events } = listened();
  session.leave('https://whiterabbit.fake/end');
  expect(events).toEqual([{ kind: 'left', person: null, continueAt: 'https://whiterabbit.fake/end' }]);
  expect(session.snapshot()).toMatchObject({ ended: true, isGoingOn: true, wasSignedOut: false });

  session.doubt();
  expect(session.snapshot()).toMatchObject({ ended: false, isGoingOn: false });
  session.leave();
  expect(session.snapshot()).toMatchObject({ ended: true, isGoingOn: false });
});

test('a late word about why one was signed out is dropped when something else has happened since', () => {
  const { session } = listened();
  const ended = session.refuse();
  session.begin();
  session.noteSignedOut(ended);
  expect(session.snapshot().wasSignedOut).toBe(false);

  session.noteSignedOut(session.refuse());
  expect(session.snapshot().wasSignedOut).toBe(true);
});
