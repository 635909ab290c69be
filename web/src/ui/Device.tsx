import { deviceOf, UNKNOWN } from './agent';
import './device.css';

/** A browser in words; and where there are none for it, what it says of itself. */
export function Device({ agent }: { agent: string | null | undefined }) {
  const name = deviceOf(agent);
  return (
    <>
      <span className="device">{name}</span>
      {name === UNKNOWN && agent && (
        <span className="device-says">
          It calls itself <code>{agent}</code>
        </span>
      )}
    </>
  );
}
