/** What a call that needs a confirmation is for, in a person's words. */
interface Words {
  /** "To sign everybody out, confirm that it is you." */
  purpose: string;
  done: string;
}

const WORDS: [call: RegExp, words: Words][] = [
  [
    /^POST \/api\/org\/revoke$/,
    { purpose: 'To sign everybody out', done: 'Everybody in your company is signed out.' },
  ],
  [
    /^POST \/api\/org\/users\/[^/]+\/revoke$/,
    { purpose: 'To sign somebody out', done: 'They are signed out, in every browser and on every device.' },
  ],
  [
    /^PUT \/api\/org\/policy$/,
    { purpose: 'To change how long sign-ins last', done: 'How long sign-ins last is changed.' },
  ],
];

const OTHERWISE: Words = { purpose: 'To go on', done: 'What you asked for is done.' };

export function wordsFor(method: string, address: string): Words {
  const call = `${method} ${new URL(address, window.location.origin).pathname}`;
  return WORDS.find(([pattern]) => pattern.test(call))?.[1] ?? OTHERWISE;
}
