-- A sign-in is a row, and the cookie only leads to it. Ending the row ends the cookie.

create table sign_ins (
    id uuid primary key,
    org_id uuid not null,
    user_id uuid not null,
    -- When the person last proved who they are.
    auth_time timestamptz not null,
    created_at timestamptz not null,
    last_seen_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    ended_cause text,
    ip text,
    agent text,
    constraint sign_ins_user foreign key (org_id, user_id) references users (org_id, id)
        on update cascade on delete cascade,
    constraint sign_ins_ended check ((ended_at is null) = (ended_cause is null))
);
create index sign_ins_live on sign_ins (org_id, user_id) where ended_at is null;
create index sign_ins_expiry on sign_ins (expires_at);

alter table sign_ins enable row level security;
alter table sign_ins force row level security;
create policy tenant on sign_ins using (org_id = current_org()) with check (org_id = current_org());

grant select, insert, update on sign_ins to curfew_app;

-- The session layer's records. They carry no tenant: a record is found by the digest of a cookie before any tenant is
-- known, holds nothing but the sign-in's id and the generations, and proves nothing by itself.
create table tower_sessions (
    -- A digest of the cookie, never the cookie.
    id text primary key,
    data bytea not null,
    expiry_date timestamptz not null,
    sign_in_id uuid not null references sign_ins (id) on delete cascade
);
create index tower_sessions_sign_in on tower_sessions (sign_in_id);
create index tower_sessions_expiry on tower_sessions (expiry_date);

grant select, insert, update, delete on tower_sessions to curfew_app;
