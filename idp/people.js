import { randomBytes } from 'node:crypto';
import { Refusal } from './http.js';

const sameEmail = (a, b) => a.toLowerCase() === b.toLowerCase();

/** Who works for a company, as its provider knows them. */
export class People {
  #bySub = new Map();

  constructor(people) {
    for (const person of people) this.add(person);
  }

  all() {
    return [...this.#bySub.values()];
  }

  find(sub) {
    return this.#bySub.get(sub);
  }

  /** Somebody who has to be there. */
  existing(sub) {
    const person = this.find(sub);
    if (!person) throw new Refusal(404, 'There is nobody with this sub.');
    return person;
  }

  findByEmail(email) {
    return this.all().find((person) => sameEmail(person.email, email));
  }

  /**
   * Any address is taken, also one of another company's domain: that a provider may claim such a thing, and is not to
   * be believed, is what an app has to be tested with.
   */
  add({ email, name, password, sub = newSub(), email_verified = true }) {
    refuseMissing({ email, name, password, sub });
    if (typeof email_verified !== 'boolean') throw new Refusal(400, 'email_verified must be true or false.');
    const person = { sub: sub.trim(), name: name.trim(), email: email.trim(), email_verified, password };
    this.#refuseEmail(person.email, undefined);
    if (this.find(person.sub)) throw new Refusal(409, `The sub ${person.sub} is taken.`);
    this.#bySub.set(person.sub, person);
    return person;
  }

  /** From now on ID tokens say it, too. */
  rename(person, { name, email = person.email }) {
    refuseMissing({ name, email });
    this.#refuseEmail(email.trim(), person);
    Object.assign(person, { name: name.trim(), email: email.trim() });
  }

  remove(sub) {
    return this.#bySub.delete(sub);
  }

  #refuseEmail(email, owner) {
    if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new Refusal(400, 'This is not an email address.');
    const other = this.findByEmail(email);
    if (other && other !== owner) throw new Refusal(409, `${email} is here already.`);
  }
}

function refuseMissing(fields) {
  for (const [what, value] of Object.entries(fields)) {
    if (typeof value !== 'string' || value.trim() === '') throw new Refusal(400, `The ${what} is missing.`);
  }
}

const newSub = () => `00u${randomBytes(32).toString('base64').replace(/[+/=]/g, '').slice(0, 17)}`;
