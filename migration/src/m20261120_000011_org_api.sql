-- An org's own programs read and write its todos, and its administrators keep the keys by which they do.

-- Forced row-level security shows the owner no rows either. What is written below is written before it is forced again.
alter table todos no force row level security;
alter table todo_requests no force row level security;

-- When a todo last became what it is. Every write of one sets it, and later than it was: so who reads an org's todos in
-- this order sees each change behind what they have seen.
alter table todos add column updated_at timestamptz;
update todos set updated_at = greatest(created_at, completed_at);
alter table todos alter column updated_at set not null;
create index todos_changed on todos (org_id, updated_at, id);

-- Who gave the request its name: a person, who may name requests for their own todos only, or one of the org's keys. Two
-- callers' names are no one's business but their own.
alter table todo_requests add column caller text;
update todo_requests set caller = user_id::text;
alter table todo_requests
    alter column caller set not null,
    drop constraint todo_requests_pkey,
    add constraint todo_requests_pkey primary key (org_id, caller, idempotency_key);
create index todo_requests_owner on todo_requests (org_id, user_id);

alter table todos force row level security;
alter table todo_requests force row level security;

alter table api_keys
    -- How long such a key lasts, in seconds; null for one without an end. A key that takes its place lasts as long again.
    -- expires_at is when this one ends, which may have been brought nearer since.
    add column lifetime integer,
    -- The key that took this one's place.
    add column rotated_to uuid,
    add constraint api_keys_lifetime check (lifetime between 60 and 63072000),
    add constraint api_keys_org_id unique (org_id, id),
    add constraint api_keys_rotated_to foreign key (org_id, rotated_to) references api_keys (org_id, id);
drop index api_keys_org;

-- What whoever writes by a key shares, and whoever ends the key has alone. It is no lock of the row: many may share that,
-- and one who writes by a stolen key without a pause would keep those waiting who end it. Here who comes after them waits
-- behind them. Another org's key of the same id is another.
create function key_lock(asked_org uuid, asked_key uuid) returns bigint
    language sql immutable
    return hashtextextended(concat('api_key ', asked_org::text, asked_key::text), 0);

-- Opens a tenant for this transaction on behalf of one of its keys, to write, and says whether that key still counts. It
-- goes on counting until the transaction ends.
create function enter_by_key(asked_org uuid, asked_key uuid, asked_now timestamptz)
returns boolean
language plpgsql volatile as $$
begin
    perform set_config('curfew.org_id', asked_org::text, true);
    -- In a statement of its own: the next one then sees what whoever had it before us did.
    perform pg_advisory_xact_lock_shared(key_lock(asked_org, asked_key));
    perform 1 from api_keys k
    where k.org_id = asked_org and k.id = asked_key
      and k.revoked_at is null and (k.expires_at is null or k.expires_at > asked_now);
    return found;
end $$;

-- The key was used. In one statement, and at most once a minute for each key.
create function touch_api_key(asked_org uuid, asked_key uuid, asked_now timestamptz)
returns void
language plpgsql volatile as $$
begin
    perform set_config('curfew.org_id', asked_org::text, true);
    update api_keys k set last_used_at = asked_now
    where k.org_id = asked_org and k.id = asked_key
      and (k.last_used_at is null or k.last_used_at <= asked_now - interval '1 minute');
end $$;

-- As before, and when the key was last used.
grant create on schema public to curfew_lookup;
drop function lookup_api_key(uuid);
create function lookup_api_key(asked_id uuid)
returns table (
    org_id uuid, scopes text[], secret_digest bytea, expires_at timestamptz, revoked_at timestamptz,
    last_used_at timestamptz
)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select k.org_id, k.scopes, k.secret_digest, k.expires_at, k.revoked_at, k.last_used_at
    from api_keys k join orgs o on o.id = k.org_id
    where k.id = asked_id and not k.workshop and o.active;
end $$;

drop function lookup_workshop_key(bytea);
create function lookup_workshop_key(asked_digest bytea)
returns table (
    id uuid, org_id uuid, scopes text[], secret_digest bytea, expires_at timestamptz, revoked_at timestamptz,
    last_used_at timestamptz
)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select k.id, k.org_id, k.scopes, k.secret_digest, k.expires_at, k.revoked_at, k.last_used_at
    from api_keys k join orgs o on o.id = k.org_id
    where k.secret_digest = asked_digest and k.workshop and o.active;
end $$;

-- As before: a request's name is now its caller's, and not its person's.
create or replace function sweep_todo_requests(before timestamptz, at_most integer)
returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    swept bigint;
begin
    delete from todo_requests r where (r.org_id, r.caller, r.idempotency_key) in (
        select x.org_id, x.caller, x.idempotency_key from todo_requests x
        where x.created_at < before order by x.created_at limit at_most);
    get diagnostics swept = row_count;
    return swept;
end $$;

do $$
declare
    f text;
    for_the_api constant text[] := array['lookup_api_key(uuid)', 'lookup_workshop_key(bytea)'];
begin
    foreach f in array for_the_api loop
        execute format('alter function %s owner to curfew_lookup', f);
    end loop;
    set local role curfew_lookup;
    foreach f in array for_the_api loop
        execute format('revoke all on function %s from public', f);
        execute format('grant execute on function %s to curfew_owner, curfew_app', f);
    end loop;
    reset role;
end $$;
revoke create on schema public from curfew_lookup;
