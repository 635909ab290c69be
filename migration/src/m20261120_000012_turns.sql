-- A row lock that is shared is given to whoever asks, past those who wait for the row alone: somebody who writes by a stolen
-- cookie without a pause could keep a forced sign-out waiting until it gives up. An advisory lock is given in turn. Whoever
-- writes as a person shares the person's turn and their org's, whoever ends sign-ins has it alone, before any sign-in's
-- row: who comes later waits behind them, looks, and is out.
create function turn_of(id uuid) returns bigint
    language sql immutable
    return hashtextextended('signed in ' || id::text, 0);

create or replace function enter_as(asked_org uuid, asked_sign_in uuid, asked_now timestamptz, for_writing boolean)
returns boolean
language plpgsql volatile as $$
begin
    perform set_config('curfew.org_id', asked_org::text, true);
    if for_writing then
        perform pg_advisory_xact_lock_shared(turn_of(asked_org));
        perform pg_advisory_xact_lock_shared(turn_of(s.user_id)) from sign_ins s where s.id = asked_sign_in;
        perform 1 from sign_ins s join orgs o on o.id = s.org_id
        where s.id = asked_sign_in and is_open(s, o, asked_now)
        for share of s;
    else
        perform 1 from sign_ins s join orgs o on o.id = s.org_id
        where s.id = asked_sign_in and is_open(s, o, asked_now);
    end if;
    return found;
end $$;
