-- What happened and who asked. The runtime role may add and read, never change or remove.

create table audit_events (
    id uuid primary key,
    org_id uuid not null references orgs (id),
    at timestamptz not null,
    event text not null,
    actor_kind text not null,
    -- A user's or a key's id, an issuer, or the name of a job.
    actor_id text not null,
    -- Not a foreign key: the record outlives the person.
    user_id uuid,
    request_id uuid not null,
    ip text,
    agent text,
    detail jsonb not null default '{}',
    -- Set where the same event is wanted once only, as for refusals: one per door, reason and minute.
    once text,
    constraint audit_events_once unique (org_id, once),
    constraint audit_events_actor_kind check (actor_kind in ('user', 'org_key', 'idp', 'system'))
);
create index audit_events_org on audit_events (org_id, at, id);
create index audit_events_user on audit_events (org_id, user_id, at);

alter table audit_events enable row level security;
alter table audit_events force row level security;
create policy tenant on audit_events using (org_id = current_org()) with check (org_id = current_org());

grant select, insert on audit_events to curfew_app;
