-- Companies that sign their people in with an OpenID provider of their own: how we reach it, who our people are there,
-- and the sign-ins that are on their way.

alter table org_domains add constraint org_domains_org_domain unique (org_id, domain);

create table sso_connections (
    id uuid primary key,
    org_id uuid not null,
    org_kind text not null default 'company',
    -- The one domain of the org whose people it signs in; null for those whose domain has no connection of its own.
    domain text,
    -- As its discovery document and its ID tokens spell it, letter by letter (OpenID Connect Discovery 1.0 §4.3).
    issuer text not null,
    client_id text not null,
    client_auth text not null,
    -- The client's secret or private key, encrypted; the row's id is part of what authenticates it.
    client_credential bytea not null,
    -- Whether somebody whom we do not know yet is made on their first sign-in.
    provisions boolean not null,
    -- The provider says no auth_time: after a forced sign-out, that we asked it to prompt has to do.
    prompt_only boolean not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint sso_connections_org foreign key (org_id, org_kind) references orgs (id, kind),
    constraint sso_connections_company check (org_kind = 'company'),
    constraint sso_connections_domain foreign key (org_id, domain) references org_domains (org_id, domain),
    constraint sso_connections_one unique nulls not distinct (org_id, domain),
    constraint sso_connections_org_id unique (org_id, id),
    constraint sso_connections_client_auth check (client_auth in ('client_secret', 'private_key_jwt'))
);

-- Only issuer and subject together name a person (OpenID Connect Core 1.0 §5.7), and only within one org: two orgs may
-- use the same provider.
create table identities (
    org_id uuid not null,
    issuer text not null,
    subject text not null,
    user_id uuid not null,
    created_at timestamptz not null,
    constraint identities_pkey primary key (org_id, issuer, subject),
    constraint identities_user foreign key (org_id, user_id) references users (org_id, id)
        on update cascade on delete cascade,
    constraint identities_subject check (length(subject) between 1 and 255)
);
create index identities_user on identities (org_id, user_id);

-- A sign-in between our redirect to the provider and the browser's return. Taken, that is deleted, by whoever returns
-- first.
create table login_attempts (
    -- A digest of the `state` parameter, never the parameter.
    state_digest bytea primary key,
    org_id uuid not null,
    connection_id uuid not null,
    -- A digest of the cookie of the browser that began.
    browser_digest bytea not null,
    -- As they were when it began: the answer must come from there (RFC 9700 §4.4.2).
    issuer text not null,
    client_id text not null,
    nonce text not null,
    pkce_verifier text not null,
    -- A path of ours to go to afterwards.
    return_to text not null,
    login_hint text,
    -- Whether the provider was told to ask the person again, because of a forced sign-out.
    prompted boolean not null,
    -- Whether it began at a page of ours, and so by an act of the person's.
    from_own_page boolean not null,
    -- Drawn from revocation_seq when it began. A revocation with a higher number came later and wins.
    seq bigint not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint login_attempts_connection foreign key (org_id, connection_id)
        references sso_connections (org_id, id) on delete cascade
);
create index login_attempts_expiry on login_attempts (expires_at);
create index login_attempts_connection on login_attempts (org_id, connection_id);

-- By which identity, and in which of the provider's sessions. Null for a sign-in by password.
alter table sign_ins add column idp_iss text, add column idp_sub text, add column idp_sid text;
alter table sign_ins add constraint sign_ins_idp
    check ((idp_iss is null) = (idp_sub is null) and (idp_sid is null or idp_iss is not null));
-- Null where the provider does not say when the person last proved who they are.
alter table sign_ins alter column auth_time drop not null;

alter table sso_connections enable row level security;
alter table sso_connections force row level security;
create policy tenant on sso_connections using (org_id = current_org()) with check (org_id = current_org());

alter table identities enable row level security;
alter table identities force row level security;
create policy tenant on identities using (org_id = current_org()) with check (org_id = current_org());

alter table login_attempts enable row level security;
alter table login_attempts force row level security;
create policy tenant on login_attempts using (org_id = current_org()) with check (org_id = current_org());

grant select on sso_connections to curfew_app;
grant select, insert on identities to curfew_app;
grant select, insert, delete on login_attempts to curfew_app;

-- What is asked before a tenant is known.
grant create on schema public to curfew_lookup;
grant select on sso_connections to curfew_lookup;
grant select, delete on login_attempts to curfew_lookup;
grant update on todos to curfew_lookup;
create policy lookup on sso_connections for select to curfew_lookup using (current_user = 'curfew_lookup');
create policy lookup on login_attempts for select to curfew_lookup using (current_user = 'curfew_lookup');
create policy sweep on login_attempts for delete to curfew_lookup using (current_user = 'curfew_lookup');
create policy move on todos for update to curfew_lookup
    using (current_user = 'curfew_lookup') with check (current_user = 'curfew_lookup');

-- Whether a provider signs in the people of this domain of this org: the domain's own, or the org's.
create function has_provider(asked_org uuid, asked_domain text) returns boolean
    language sql stable
    return exists (
        select 1 from sso_connections c
        where c.org_id = asked_org and (c.domain is null or c.domain = asked_domain));

-- Which company does a URL name?
create function lookup_slug(asked_slug text)
returns table (org_id uuid)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query select o.id from orgs o where o.slug = asked_slug and o.active;
end $$;

-- Which company signs in the people of this domain with a provider of its own?
create function lookup_sso(asked_domain text)
returns table (slug text)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select o.slug
    from org_domains d join orgs o on o.id = d.org_id
    where d.domain = asked_domain and d.verified_at is not null and o.active and has_provider(o.id, d.domain);
end $$;

-- As before, and how the person signed in.
drop function lookup_sign_in(uuid, timestamptz);
create function lookup_sign_in(asked_id uuid, asked_now timestamptz)
returns table (
    org_id uuid, org_kind text, org_name text, org_generation bigint,
    user_id uuid, user_name text, user_email text, user_role text, user_generation bigint, by_provider boolean
)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select o.id, o.kind, o.name, o.generation, u.id, u.name, u.email, u.role, u.generation, s.idp_iss is not null
    from sign_ins s
    join users u on u.org_id = s.org_id and u.id = s.user_id
    join orgs o on o.id = s.org_id
    where s.id = asked_id and s.ended_at is null and s.expires_at > asked_now and u.active and o.active;
end $$;

-- As before, and whether a provider signs this person in, so that a password does not.
drop function lookup_password(text, text);
create function lookup_password(asked_email text, asked_domain text)
returns table (
    org_id uuid, org_generation bigint, user_id uuid, user_generation bigint, password_hash text, by_provider boolean
)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select o.id, o.generation, u.id, u.generation, u.password_hash, has_provider(o.id, asked_domain)
    from users u
    join orgs o on o.id = u.org_id
    where u.email_folded = asked_email and u.active and o.active
      and (o.kind = 'personal' or exists (
          select 1 from org_domains d
          where d.domain = asked_domain and d.org_id = o.id and d.verified_at is not null))
    order by o.kind = 'personal'
    limit 1;
end $$;

-- The operator's: who would move into the company that owns the domain, and into whom they would merge, when they have
-- come there through its provider already.
drop function list_domain_moves(text);
create function list_domain_moves(asked_domain text)
returns table (user_id uuid, org_id uuid, email text, merges_into uuid, target_active boolean, todos bigint)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select u.id, u.org_id, u.email, c.id, c.active,
        (select count(*) from todos t where t.org_id = u.org_id and t.user_id = u.id)
    from users u
    join orgs o on o.id = u.org_id and o.active
    left join org_domains d on d.domain = asked_domain
    left join users c on c.org_id = d.org_id and c.email_folded = u.email_folded
    where u.org_kind = 'personal' and split_part(u.email_folded, '@', 2) = asked_domain
    order by u.email_folded;
end $$;

-- Gives a person's todos to the person with the same address in the company. The one without a company stays behind,
-- in an org that closes.
create function merge_user(asked_user uuid, asked_domain text)
returns boolean
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    target record;
begin
    select c.org_id, c.id, u.org_id as from_org into target
    from users u
    join org_domains d on d.domain = asked_domain and d.verified_at is not null
    join orgs o on o.id = d.org_id and o.kind = 'company'
    join users c on c.org_id = o.id and c.email_folded = u.email_folded and c.active
    where u.id = asked_user and u.org_kind = 'personal' and split_part(u.email_folded, '@', 2) = asked_domain;
    if not found then
        return false;
    end if;
    update todos t set org_id = target.org_id, user_id = target.id
    where t.org_id = target.from_org and t.user_id = asked_user;
    update users u set active = false, password_hash = null where u.id = asked_user;
    return true;
end $$;

create function sweep_login_attempts(before timestamptz, at_most integer)
returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    swept bigint;
begin
    delete from login_attempts a where a.state_digest in (
        select x.state_digest from login_attempts x where x.expires_at < before order by x.expires_at limit at_most);
    get diagnostics swept = row_count;
    return swept;
end $$;

do $$
declare
    f text;
    for_the_api constant text[] := array[
        'lookup_slug(text)', 'lookup_sso(text)', 'lookup_sign_in(uuid, timestamptz)', 'lookup_password(text, text)',
        'sweep_login_attempts(timestamptz, integer)'];
    for_the_operator constant text[] := array['list_domain_moves(text)', 'merge_user(uuid, text)'];
begin
    foreach f in array for_the_api || for_the_operator loop
        execute format('alter function %s owner to curfew_lookup', f);
    end loop;
    set local role curfew_lookup;
    foreach f in array for_the_api || for_the_operator loop
        execute format('revoke all on function %s from public', f);
        execute format('grant execute on function %s to curfew_owner', f);
    end loop;
    foreach f in array for_the_api loop
        execute format('grant execute on function %s to curfew_app', f);
    end loop;
    reset role;
end $$;
revoke create on schema public from curfew_lookup;
