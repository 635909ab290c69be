-- Who lives here: orgs, the domains they own, and the people in them.
--
-- Every tenant table carries org_id, and PostgreSQL itself refuses rows of another org: the policies compare it with a
-- setting that lives as long as one transaction. Without the setting there are no rows. FORCE makes this true for the
-- owner of the tables too.

create function current_org() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('curfew.org_id', true), '')::uuid;

create table orgs (
    id uuid primary key,
    -- A personal org holds one person without a company, so that org_id is never null anywhere.
    kind text not null,
    name text not null,
    -- The company's first domain. It stands in URLs that are registered elsewhere, so it never changes hands.
    slug text,
    active boolean not null default true,
    -- Raised to make every cookie of the org stale at once.
    generation bigint not null default 0,
    created_at timestamptz not null,
    constraint orgs_kind check (kind in ('company', 'personal')),
    constraint orgs_slug_iff_company check ((kind = 'company') = (slug is not null)),
    constraint orgs_slug unique (slug),
    constraint orgs_id_kind unique (id, kind)
);

create table org_domains (
    org_id uuid not null references orgs (id),
    -- Lower case, IDNA A-labels. One domain belongs to one org.
    domain text not null,
    -- Only a verified domain routes, links or moves people.
    verified_by text,
    verified_at timestamptz,
    created_at timestamptz not null,
    constraint org_domains_pkey primary key (domain),
    constraint org_domains_verified_by check (verified_by in ('operator', 'dns')),
    constraint org_domains_verified check ((verified_by is null) = (verified_at is null))
);
create index org_domains_org on org_domains (org_id);

create table users (
    id uuid primary key,
    org_id uuid not null,
    org_kind text not null,
    -- As the person writes it, and folded for every comparison.
    email text not null,
    email_folded text not null,
    name text not null,
    role text not null,
    active boolean not null default true,
    password_hash text,
    -- Raised by a revocation: every cookie that carries an older number is stale at its next request.
    generation bigint not null default 0,
    -- Drawn from revocation_seq under the row's lock. A sign-in through an identity provider that began before it opens
    -- nothing.
    revoked_seq bigint not null default 0,
    -- A later sign-in through an identity provider must prove an authentication after this moment.
    reauth_since timestamptz,
    created_at timestamptz not null,
    constraint users_role check (role in ('owner', 'admin', 'auditor', 'member')),
    constraint users_org foreign key (org_id, org_kind) references orgs (id, kind),
    constraint users_org_id unique (org_id, id),
    constraint users_org_email unique (org_id, email_folded)
);
-- Among people without a company an e-mail address names one person.
create unique index users_personal_email on users (email_folded) where org_kind = 'personal';

create sequence revocation_seq;

alter table orgs enable row level security;
alter table orgs force row level security;
create policy tenant on orgs using (id = current_org()) with check (id = current_org());

alter table org_domains enable row level security;
alter table org_domains force row level security;
create policy tenant on org_domains using (org_id = current_org()) with check (org_id = current_org());

alter table users enable row level security;
alter table users force row level security;
create policy tenant on users using (org_id = current_org()) with check (org_id = current_org());

grant select, insert, update on orgs to curfew_app;
grant select, insert, update, delete on org_domains to curfew_app;
grant select, insert, update, delete on users to curfew_app;
grant usage on sequence revocation_seq to curfew_app;
