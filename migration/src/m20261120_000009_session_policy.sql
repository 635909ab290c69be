-- How long sign-ins last, by each org's own policy; signing out a whole org; and requests that may come twice.

-- Forced row-level security shows the owner no rows either. What is moved below is moved before it is forced again.
alter table orgs no force row level security;
alter table sso_connections no force row level security;
alter table sign_ins no force row level security;

-- The policy, in seconds. A sign-in that is not used for idle_timeout is over, and one is over after absolute_lifetime
-- however much it is used; for privileged acts its person must have proved who they are within privileged_auth_age.
alter table orgs
    add column idle_timeout integer not null default 1800,
    add column absolute_lifetime integer not null default 43200,
    add column privileged_auth_age integer not null default 900,
    -- Whether leaving here always ends the session at the company's provider too.
    add column ends_provider_session boolean not null default false,
    -- As for a person: the last time that everybody of the org was signed out.
    add column revoked_seq bigint not null default 0,
    add column reauth_since timestamptz,
    add constraint orgs_idle_timeout check (idle_timeout between 60 and least(86400, absolute_lifetime)),
    add constraint orgs_absolute_lifetime check (absolute_lifetime between 300 and 2592000),
    add constraint orgs_privileged_auth_age check (privileged_auth_age between 60 and 86400);

update orgs o set ends_provider_session = true
where exists (select 1 from sso_connections c where c.org_id = o.id and c.ends_provider_session);
alter table sso_connections drop column ends_provider_session;

-- When the person proved who they are, by our clock; null where a provider does not say. auth_time is what it says.
alter table sign_ins add column authenticated_at timestamptz;
update sign_ins set authenticated_at = auth_time;
-- Until now use was not written down. Whoever is signed in is not to be out for that.
update sign_ins set last_seen_at = now() where ended_at is null;
-- For an org's list, the newest first.
create index sign_ins_newest on sign_ins (org_id, created_at, id) where ended_at is null;

alter table orgs force row level security;
alter table sso_connections force row level security;
alter table sign_ins force row level security;

-- How recent an authentication the provider was asked for, in seconds.
alter table login_attempts add column max_age integer;

-- When a sign-in ends that nobody ends and that is not used any more, and by which of its two ends.
create function ends_at(s sign_ins, o orgs) returns timestamptz
    language sql stable
    return least(s.expires_at, s.last_seen_at + make_interval(secs => o.idle_timeout));
create function over_by(s sign_ins, o orgs) returns text
    language sql stable
    return case when s.expires_at <= ends_at(s, o) then 'expired' else 'idle' end;

-- Whether a sign-in is one. Everything that asks, asks this.
create function is_open(s sign_ins, o orgs, asked_now timestamptz) returns boolean
    language sql stable
    return s.ended_at is null and ends_at(s, o) > asked_now;

-- As before, by the org's policy, and what its browser and its extractors need to know of it.
drop function lookup_sign_in(uuid, timestamptz);
create function lookup_sign_in(asked_id uuid, asked_now timestamptz)
returns table (
    org_id uuid, org_kind text, org_name text, org_slug text, org_generation bigint,
    idle_timeout integer, privileged_auth_age integer,
    user_id uuid, user_name text, user_email text, user_role text, user_generation bigint,
    by_provider boolean, authenticated_at timestamptz, last_seen_at timestamptz, expires_at timestamptz
)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select o.id, o.kind, o.name, o.slug, o.generation, o.idle_timeout, o.privileged_auth_age,
        u.id, u.name, u.email, u.role, u.generation,
        s.idp_iss is not null, s.authenticated_at, s.last_seen_at, s.expires_at
    from sign_ins s
    join users u on u.org_id = s.org_id and u.id = s.user_id
    join orgs o on o.id = s.org_id
    where s.id = asked_id and is_open(s, o, asked_now) and u.active and o.active;
end $$;

create or replace function enter_as(asked_org uuid, asked_sign_in uuid, asked_now timestamptz, for_writing boolean)
returns boolean
language plpgsql volatile as $$
begin
    perform set_config('curfew.org_id', asked_org::text, true);
    if for_writing then
        perform 1 from sign_ins s join orgs o on o.id = s.org_id
        where s.id = asked_sign_in and is_open(s, o, asked_now)
        for share of s;
    else
        perform 1 from sign_ins s join orgs o on o.id = s.org_id
        where s.id = asked_sign_in and is_open(s, o, asked_now);
    end if;
    return found;
end $$;

-- The person has done something. In one statement, and at most once a minute for each sign-in; more often only where it
-- may be unused for less than four minutes, or such a minute would be most of it.
create function touch_sign_in(asked_org uuid, asked_sign_in uuid, asked_now timestamptz)
returns void
language plpgsql volatile as $$
begin
    perform set_config('curfew.org_id', asked_org::text, true);
    update sign_ins s set last_seen_at = asked_now
    from orgs o
    where o.id = s.org_id and s.id = asked_sign_in and is_open(s, o, asked_now)
      and s.last_seen_at <= asked_now - least(interval '1 minute', make_interval(secs => o.idle_timeout / 4.0));
end $$;

-- As before, and also what became of a sign-in that nobody ended: it was over by the org's policy.
grant create on schema public to curfew_lookup;
grant select on tower_sessions to curfew_lookup;
drop function lookup_ended(text);
create function lookup_ended(asked_digest text, asked_now timestamptz)
returns table (org_name text, ended_at timestamptz, ended_cause text, by_provider boolean)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select case when o.kind = 'company' then o.name end,
        coalesce(s.ended_at, ends_at(s, o)), coalesce(s.ended_cause, over_by(s, o)),
        s.idp_iss is not null
    from sign_ins s join orgs o on o.id = s.org_id
    where not is_open(s, o, asked_now)
      and (s.session_digest = asked_digest
        or s.id = (select t.sign_in_id from tower_sessions t where t.id = asked_digest));
end $$;

-- Writes down what is over, so that what is open stays few: a bounded number at a time. Nobody's access changes by it.
grant delete on tower_sessions to curfew_lookup;
grant update (ended_at, ended_cause, session_digest) on sign_ins to curfew_lookup;
create function sweep_over(asked_now timestamptz, at_most integer)
returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    swept bigint;
begin
    with over as (
        select s.id, ends_at(s, o) as ended_at, over_by(s, o) as cause
        from sign_ins s join orgs o on o.id = s.org_id
        where s.ended_at is null and ends_at(s, o) <= asked_now
        order by s.id limit at_most
        for no key update of s skip locked),
    gone as (
        delete from tower_sessions t using over where t.sign_in_id = over.id returning t.id, t.sign_in_id)
    update sign_ins s
    set ended_at = over.ended_at, ended_cause = over.cause, id_token = null, session_digest = gone.id
    from over left join gone on gone.sign_in_id = over.id
    where s.id = over.id;
    get diagnostics swept = row_count;
    return swept;
end $$;

-- As before, and in an order and without waiting: somebody may be ending the same sign-ins.
create or replace function sweep_provider_sign_outs(before timestamptz, at_most integer)
returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    tokens bigint;
    sids bigint;
    hints bigint;
begin
    update sign_ins s set id_token = null where s.id in (
        select x.id from sign_ins x where x.expires_at < before and x.id_token is not null
        order by x.id limit at_most for no key update skip locked);
    get diagnostics hints = row_count;
    delete from spent_tokens t where (t.org_id, t.issuer, t.jti_digest) in (
        select x.org_id, x.issuer, x.jti_digest from spent_tokens x
        where x.expires_at < before order by x.expires_at limit at_most);
    get diagnostics tokens = row_count;
    delete from ended_sids e where (e.org_id, e.issuer, e.sid) in (
        select x.org_id, x.issuer, x.sid from ended_sids x
        where x.expires_at < before order by x.expires_at limit at_most);
    get diagnostics sids = row_count;
    return tokens + sids + hints;
end $$;

-- A request to make a todo that named itself, so that the same one may come again
-- (draft-ietf-httpapi-idempotency-key-header). What was made is kept here as it was, for it may be gone by then.
create table todo_requests (
    org_id uuid not null,
    user_id uuid not null,
    idempotency_key text not null,
    todo_id uuid not null,
    task text not null,
    created_at timestamptz not null,
    constraint todo_requests_pkey primary key (org_id, user_id, idempotency_key),
    constraint todo_requests_owner foreign key (org_id, user_id) references users (org_id, id)
        on update cascade on delete cascade
);
create index todo_requests_age on todo_requests (created_at);

alter table todo_requests enable row level security;
alter table todo_requests force row level security;
create policy tenant on todo_requests using (org_id = current_org()) with check (org_id = current_org());
grant select, insert on todo_requests to curfew_app;

grant select, delete on todo_requests to curfew_lookup;
create policy lookup on todo_requests for select to curfew_lookup using (current_user = 'curfew_lookup');
create policy sweep on todo_requests for delete to curfew_lookup using (current_user = 'curfew_lookup');

create function sweep_todo_requests(before timestamptz, at_most integer)
returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    swept bigint;
begin
    delete from todo_requests r where (r.org_id, r.user_id, r.idempotency_key) in (
        select x.org_id, x.user_id, x.idempotency_key from todo_requests x
        where x.created_at < before order by x.created_at limit at_most);
    get diagnostics swept = row_count;
    return swept;
end $$;

do $$
declare
    f text;
    for_the_api constant text[] := array[
        'lookup_sign_in(uuid, timestamptz)', 'lookup_ended(text, timestamptz)',
        'sweep_over(timestamptz, integer)', 'sweep_todo_requests(timestamptz, integer)'];
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
