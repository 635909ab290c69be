import { useId, type Ref } from 'react';

const SECONDS_IN = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 };
export type Unit = keyof typeof SECONDS_IN;

/** As it was typed: it need not be a number yet. */
export interface TypedDuration {
  amount: string;
  unit: Unit;
}

/** In the largest of the units in which it is a whole number. */
export function typedOf(seconds: number, units: readonly Unit[]): TypedDuration {
  const unit = [...units].reverse().find((each) => seconds % SECONDS_IN[each] === 0) ?? 'seconds';
  return { amount: String(seconds / SECONDS_IN[unit]), unit };
}

/** Undefined when it is no number. */
export function secondsOf({ amount, unit }: TypedDuration): number | undefined {
  const text = amount.trim().replace(',', '.');
  return /^\d{1,7}(\.\d{1,3})?$/.test(text) ? Math.round(Number(text) * SECONDS_IN[unit]) : undefined;
}

/** "8 hours", "1 minute". */
export function durationOf(seconds: number, units: readonly Unit[]): string {
  const { amount, unit } = typedOf(seconds, units);
  return `${amount} ${amount === '1' ? unit.slice(0, -1) : unit}`;
}

interface Props {
  label: string;
  hint: string;
  error: string | undefined;
  units: readonly Unit[];
  value: TypedDuration;
  onChange: (value: TypedDuration) => void;
  ref: Ref<HTMLInputElement>;
}

/** A number and its unit. */
export function DurationField({ label, hint, error, units, value, onChange, ref }: Props) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <p id={`${id}-hint`} className="field-hint">
        {hint}
      </p>
      <div className="duration">
        <input
          ref={ref}
          id={id}
          inputMode="decimal"
          autoComplete="off"
          value={value.amount}
          onChange={(event) => {
            onChange({ ...value, amount: event.target.value });
          }}
          aria-invalid={error ? true : undefined}
          aria-describedby={error ? `${id}-hint ${id}-error` : `${id}-hint`}
        />
        <select
          aria-label={`Unit: ${label}`}
          value={value.unit}
          onChange={(event) => {
            onChange({ ...value, unit: event.target.value as Unit });
          }}
        >
          {/* One that is not offered, but stored, is not silently another. */}
          {[...(units.includes(value.unit) ? [] : [value.unit]), ...units].map((unit) => (
            <option key={unit}>{unit}</option>
          ))}
        </select>
      </div>
      {error && (
        <p id={`${id}-error`} className="field-error">
          {error}
        </p>
      )}
    </div>
  );
}
