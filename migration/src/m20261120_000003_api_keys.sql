-- Keys that belong to an org and never act as a person. Only a digest of the secret is stored; 256 random bits need no
-- slow hash.

create table api_keys (
    id uuid primary key,
    org_id uuid not null references orgs (id),
    name text not null,
    scopes text[] not null,
    secret_digest bytea not null,
    -- The end of the secret, so that a list of keys can be told apart.
    last_four text not null,
    -- The published article's key, which everybody knows. Honoured on loopback only.
    workshop boolean not null default false,
    created_at timestamptz not null,
    -- Who made it: a user's id, or the name of a job.
    created_by text not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    constraint api_keys_scopes check (
        cardinality(scopes) > 0
        and scopes <@ array['revoke', 'scim', 'todos:read', 'todos:write', 'users:read']
    )
);
create index api_keys_org on api_keys (org_id);
create unique index api_keys_workshop on api_keys (secret_digest) where workshop;

alter table api_keys enable row level security;
alter table api_keys force row level security;
create policy tenant on api_keys using (org_id = current_org()) with check (org_id = current_org());

grant select, insert, update on api_keys to curfew_app;
