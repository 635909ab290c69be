-- Sign-outs that a company's provider signs or sends a browser for, and what is remembered so that none can be repeated
-- or outrun; and what a browser is told that was signed out.

-- Tokens that have been acted on. The same one with the same request is answered as it was, and does nothing.
create table spent_tokens (
    org_id uuid not null references orgs (id),
    issuer text not null,
    -- A digest of its jti, which may be long.
    jti_digest bytea not null,
    -- A digest of what it came with.
    request_digest bytea not null,
    outcome text not null,
    -- When the token itself could not be used any more.
    expires_at timestamptz not null,
    constraint spent_tokens_pkey primary key (org_id, issuer, jti_digest),
    constraint spent_tokens_outcome check (outcome in ('ended', 'no_such_subject'))
);
create index spent_tokens_expiry on spent_tokens (expires_at);

-- Sessions of a provider's that have ended there. One may end before the browser is back here with it.
create table ended_sids (
    org_id uuid not null references orgs (id),
    issuer text not null,
    sid text not null,
    -- Drawn from revocation_seq when it ended. A sign-in with it that began before opens nothing.
    seq bigint not null,
    expires_at timestamptz not null,
    constraint ended_sids_pkey primary key (org_id, issuer, sid)
);
create index ended_sids_expiry on ended_sids (expires_at);

-- Whether a logout token must say by its typ that it is one (OpenID Connect Back-Channel Logout 1.0 §2.4 asks it of
-- providers, and §4.1 knows of those that do not).
alter table sso_connections add column requires_logout_typ boolean not null default false;
-- Whether leaving here always ends the provider's session too.
alter table sso_connections add column ends_provider_session boolean not null default false;

-- The ID token, encrypted, as a hint for the provider when the person leaves there too. Kept while that can be.
alter table sign_ins add column id_token bytea;
-- A digest of the cookie that led here, once the sign-in has ended: so that its browser can be told why.
alter table sign_ins add column session_digest text;
create unique index sign_ins_session_digest on sign_ins (session_digest) where session_digest is not null;
create index sign_ins_person on sign_ins (org_id, user_id);
drop index sign_ins_live;
create index sign_ins_sid on sign_ins (org_id, idp_iss, idp_sid) where idp_sid is not null;
create index sign_ins_sub on sign_ins (org_id, idp_iss, idp_sub) where idp_sid is null and idp_iss is not null;
create index sign_ins_hint on sign_ins (expires_at) where id_token is not null;

alter table spent_tokens enable row level security;
alter table spent_tokens force row level security;
create policy tenant on spent_tokens using (org_id = current_org()) with check (org_id = current_org());

alter table ended_sids enable row level security;
alter table ended_sids force row level security;
create policy tenant on ended_sids using (org_id = current_org()) with check (org_id = current_org());

grant select, insert on spent_tokens to curfew_app;
grant select, insert, update on ended_sids to curfew_app;

grant create on schema public to curfew_lookup;
grant select, delete on spent_tokens, ended_sids to curfew_lookup;
grant update (id_token) on sign_ins to curfew_lookup;
create policy forget on sign_ins for update to curfew_lookup
    using (current_user = 'curfew_lookup') with check (current_user = 'curfew_lookup');
create policy sweep on spent_tokens for delete to curfew_lookup using (current_user = 'curfew_lookup');
create policy lookup on spent_tokens for select to curfew_lookup using (current_user = 'curfew_lookup');
create policy sweep on ended_sids for delete to curfew_lookup using (current_user = 'curfew_lookup');
create policy lookup on ended_sids for select to curfew_lookup using (current_user = 'curfew_lookup');

-- Whose client is this at that issuer? None, too, when it is more than one org's.
create function lookup_client(asked_issuer text, asked_client text)
returns table (org_id uuid)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select min(found.id::text)::uuid
    from (
        select distinct o.id from sso_connections c join orgs o on o.id = c.org_id
        where c.issuer = asked_issuer and c.client_id = asked_client and o.active) found
    having count(*) = 1;
end $$;

-- What became of the sign-in that this cookie led to?
create function lookup_ended(asked_digest text)
returns table (org_name text, ended_at timestamptz, ended_cause text, by_provider boolean)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select case when o.kind = 'company' then o.name end, s.ended_at, s.ended_cause, s.idp_iss is not null
    from sign_ins s join orgs o on o.id = s.org_id
    where s.session_digest = asked_digest and s.ended_at is not null;
end $$;

create function sweep_provider_sign_outs(before timestamptz, at_most integer)
returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    tokens bigint;
    sids bigint;
    hints bigint;
begin
    update sign_ins s set id_token = null where s.id in (
        select x.id from sign_ins x where x.expires_at < before and x.id_token is not null limit at_most);
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

do $$
declare
    f text;
    for_the_api constant text[] := array[
        'lookup_client(text, text)', 'lookup_ended(text)', 'sweep_provider_sign_outs(timestamptz, integer)'];
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
