-- What the people do here. The composite key makes a todo of one org owned by a person of another impossible, and
-- carries a person's todos along when the person moves to another org.

create table todos (
    id uuid primary key,
    org_id uuid not null,
    user_id uuid not null,
    task text not null,
    created_at timestamptz not null,
    -- Null while the task is open.
    completed_at timestamptz,
    constraint todos_owner foreign key (org_id, user_id) references users (org_id, id)
        on update cascade on delete cascade
);
create index todos_owner on todos (org_id, user_id, created_at, id);

alter table todos enable row level security;
alter table todos force row level security;
create policy tenant on todos using (org_id = current_org()) with check (org_id = current_org());

grant select, insert, update, delete on todos to curfew_app;
