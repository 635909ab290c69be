import { useId, useRef, useState } from 'react';
import type { Preview } from '../../api/org-sessions';
import { explain, fieldError } from '../../api/problem';
import { Confirmation } from '../../ui/Confirmation';
import { DurationField } from '../../ui/DurationField';
import { Failure } from '../../ui/Failure';
import { counted } from '../../ui/words';
import { usePreview, useSave } from './queries';
import {
  draftOf,
  ENDS_PROVIDER_SESSION,
  hintOf,
  isPolicy,
  isSame,
  policyOf,
  reasonOf,
  settings,
  type Complaints,
  type Draft,
  type Name,
  type Policy,
} from './settings';

export function PolicyForm({ policy }: { policy: Policy }) {
  const id = useId();
  const [said, say] = useState('');
  // Until something is typed, what is stored is shown, even if somebody else changes it meanwhile.
  const [typed, setTyped] = useState<Draft>();
  const draft = typed ?? draftOf(policy);
  const [complaints, setComplaints] = useState<Complaints>({});
  const fields = useRef<Partial<Record<Name, HTMLInputElement | null>>>({});
  const saveButton = useRef<HTMLButtonElement>(null);

  const save = useSave(() => {
    const ended = preview.data?.total ?? 0;
    say(
      ended === 0 ? 'Saved.' : `Saved. ${counted(ended, 'session')} ${ended === 1 ? 'has' : 'have'} ended.`,
    );
    setTyped(undefined);
    saveButton.current?.focus();
    preview.reset();
  });
  const preview = usePreview(({ total }, wanted) => {
    if (total === 0) save.mutate(wanted, { onError: focusRefused });
  });
  // What would end, where anything would.
  const ending = preview.data && preview.data.total > 0 ? preview.data : undefined;
  const isBusy = preview.isPending || save.isPending;
  const error = save.error ?? preview.error;
  const errorOf = (name: Name) => complaints[name] ?? fieldError(error, name);

  function focusFirst(isWrong: (name: Name) => boolean) {
    const first = settings.find(({ name }) => isWrong(name));
    if (first) fields.current[first.name]?.focus();
  }

  function focusRefused(refusal: Error) {
    focusFirst((name) => fieldError(refusal, name) !== undefined);
  }

  function change(edit: Partial<Draft>) {
    setTyped({ ...draft, ...edit });
    setComplaints({});
    // What was looked at is not what would be saved any more.
    preview.reset();
    save.reset();
    say('');
  }

  function submit() {
    if (isBusy) return;
    save.reset();
    preview.reset();
    const wanted = policyOf(draft);
    if (!isPolicy(wanted)) {
      setComplaints(wanted);
      focusFirst((name) => wanted[name] !== undefined);
    } else if (isSame(wanted, policy)) {
      say('Nothing to save: that is how it is already.');
    } else {
      preview.mutate(wanted, { onError: focusRefused });
    }
  }

  function confirm() {
    if (preview.variables) save.mutate(preview.variables, { onError: focusRefused });
  }

  return (
    <form
      noValidate
      className="stack policy"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {settings.map((setting) => (
        <DurationField
          key={setting.name}
          ref={(field) => {
            fields.current[setting.name] = field;
          }}
          label={setting.label}
          hint={hintOf(setting)}
          units={setting.units}
          error={errorOf(setting.name)}
          value={draft[setting.name]}
          onChange={(value) => {
            change({ [setting.name]: value });
          }}
        />
      ))}
      <div className="policy-tick">
        <input
          id={id}
          type="checkbox"
          checked={draft.endsProviderSession}
          aria-describedby={`${id}-hint`}
          onChange={(event) => {
            change({ endsProviderSession: event.target.checked });
          }}
        />
        <label htmlFor={id}>{ENDS_PROVIDER_SESSION}</label>
        <p id={`${id}-hint`} className="field-hint">
          Otherwise people choose that for themselves, each time they sign out.
        </p>
      </div>
      {error && !ending && !settings.some(({ name }) => errorOf(name)) && (
        <Failure {...explain(error)} onRetry={submit} />
      )}
      <div role="status">{said && <p className="notice">{said}</p>}</div>
      <div className="buttons">
        <button ref={saveButton} type="submit" className="primary" aria-disabled={isBusy}>
          {isBusy ? 'Saving…' : 'Save'}
        </button>
      </div>
      {ending && preview.variables && (
        <Confirmation
          act={save.isPending ? 'Saving…' : `Save and end ${counted(ending.total, 'session')}`}
          isActing={save.isPending}
          onAct={confirm}
          onBack={() => {
            saveButton.current?.focus();
            preview.reset();
            save.reset();
          }}
          failure={save.error && <Failure {...explain(save.error)} onRetry={confirm} />}
        >
          <p>{sentenceOf(ending, reasonOf(policy, preview.variables))}</p>
        </Confirmation>
      )}
    </form>
  );
}

function sentenceOf({ total, people, sessions }: Preview, reason: string): string {
  const whose = people === undefined ? '' : ` of ${counted(people, 'person', 'people')}`;
  const mine = sessions.some(({ current }) => current) ? ' This browser’s is among them.' : '';
  return `Saving this ends ${counted(total, 'session')}${whose} now, because they ${reason}.${mine}`;
}
