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
  expect(events).toEqual([
    { kind: 'recognised', person: 'trinity' },
    { kind: 'refused', tellOthers: true },
  ]);
  expect(session.snapshot()).toMatchObject({ ended: true, wasSignedOut: true });
});

test('a tab that was told asks, keeps what it shows until the answer, and tells nobody', () => {
  const { session, events } = listened();
  session.recognise('trinity');
  const { epoch } = session.snapshot();
  expect(session.hear()).toBe(true);
  expect(session.snapshot()).toMatchObject({ epoch, ended: false });
  session.refuse();
  expect(events.at(-1)).toEqual({ kind: 'refused', tellOthers: false });
  expect(session.snapshot()).toMatchObject({ ended: true, wasSignedOut: true });
});

test('having been told counts until the answer only', () => {
  const { session, events } = listened();
  session.recognise('trinity');
  session.hear();
  session.recognise('trinity');
  session.refuse();
  expect(events.at(-1)).toEqual({ kind: 'refused', tellOthers: true });
});

test('a tab that is out has nothing to ask, and one that shows nobody yet begins anew', () => {
  const { session, events } = listened();
  expect(session.hear()).toBe(false);
  expect(events).toEqual([{ kind: 'doubted' }]);
  session.refuse();
  expect(session.hear()).toBe(false);
  expect(events).toHaveLength(2);
});

test('someone else than before casts doubt on everything', () => {
  const { session, events } = listened();
  session.recognise('trinity');
  session.recognise('trinity');
  expect(events).toEqual([{ kind: 'recognised', person: 'trinity' }]);
  session.recognise('bobby');
  expect(events.slice(1)).toEqual([{ kind: 'doubted' }]);
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
  expect(events.at(-1)).toEqual({ kind: 'left', person: 'trinity', continueAt: null });
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

test('that they left in another tab is known at once, and again when the answer says so', () => {
  const { session, events } = listened();
  session.recognise('trinity');
  session.hearLeft();
  expect(events.slice(1)).toEqual([{ kind: 'left-elsewhere', person: 'trinity' }]);
  expect(session.person).toBe('trinity');
  session.refuse();
  expect(events.slice(2)).toMatchObject([{ kind: 'refused' }, { kind: 'left-elsewhere', person: 'trinity' }]);
});

test('it counts until the answer only, and for nobody who was not here', () => {
  const { session, events } = listened();
  session.hearLeft();
  expect(events).toEqual([]);
  session.recognise('trinity');
  session.hearLeft();
  session.recognise('trinity');
  session.refuse();
  expect(events.at(-1)).toMatchObject({ kind: 'refused' });

  // The refusal may be quicker than the word, but after another beginning the word is of somebody else.
  session.hearLeft();
  expect(events.at(-1)).toEqual({ kind: 'left-elsewhere', person: 'trinity' });
  session.doubt();
  session.hearLeft();
  expect(events.at(-1)).toEqual({ kind: 'doubted' });
});
