//! One org never sees another, and each wall is tried with the other one down.

use api::domain::api_keys::Scope;
use api::kernel::{Actor, Op, Role};
use serde_json::{Value, json};
use time::Duration;

use crate::support::{Org, TestApp, TestDatabase};

/// Two orgs with the same people, and every id of one tried by the other.
async fn nothing_crosses(app: &TestApp) {
    let (ours, theirs) = (app.company("ours.fake").await, app.company("theirs.fake").await);
    let shared = "shared@elsewhere.fake";
    let (in_ours, in_theirs) = (app.member(ours, shared).await, app.member(theirs, shared).await);
    app.member(ours, "a@ours.fake").await;
    app.member(theirs, "b@theirs.fake").await;
    let mut a = app.signed_in("a@ours.fake").await;
    let mut b = app.signed_in("b@theirs.fake").await;
    let hers = a.post("/api/todos", json!({ "task": "hers" })).await.body;
    let path = format!("/api/todos/{}", hers["id"].as_str().expect("an id"));

    assert_eq!(b.put(&path, json!({ "task": "mine", "completed": true })).await.status, 404);
    assert_eq!(b.delete(&path).await.status, 404);
    assert_eq!(b.get("/api/todos").await.body, json!({ "todos": [] }));
    assert_eq!(a.get("/api/todos").await.body, json!({ "todos": [&hers] }));

    keys_cross_nothing(app, ours, theirs).await;
    let key = app.holding(&app.key(theirs, &[Scope::Revoke]).await);
    let a_id = a.get("/api/users/me").await.body["id"].clone();
    assert_eq!(key.revoke("a@ours.fake").await.status, 404);
    assert_eq!(key.revoke_subject(json!({ "format": "opaque", "id": a_id })).await.status, 404);
    assert_eq!(key.revoke_subject(json!({ "format": "opaque", "id": in_ours })).await.status, 404);
    assert_eq!(a.get("/api/users/me").await.status, 200, "she stays in");
    assert_eq!(app.count("select count(*) from users where generation > 0").await, 0);

    for (org, email) in [(ours, "owner@ours.fake"), (theirs, "owner@theirs.fake")] {
        app.person(Some(org), email, Role::Owner).await;
        let mut owner = app.signed_in(email).await;
        let policy = json!({ "idleTimeoutSeconds": 60, "absoluteLifetimeSeconds": 300,
            "privilegedAuthAgeSeconds": 60, "endsProviderSession": false });
        app.clock.advance(Duration::minutes(6));
        let lists = [
            owner.get("/api/org/sessions").await,
            owner.post("/api/org/revoke?dry_run=true", json!({})).await,
            owner.put("/api/org/policy?dry_run=true", policy).await,
        ];
        for list in lists {
            let domain = email.split_once('@').expect("an address").1;
            let sessions = list.body["sessions"].as_array().expect("a list").clone();
            assert_eq!(list.body["total"], sessions.len(), "{list:?}");
            assert!(!sessions.is_empty() && list.body.to_string().contains(domain), "{list:?}");
            let other = if domain == "ours.fake" { "theirs.fake" } else { "ours.fake" };
            assert!(!list.body.to_string().contains(other), "{list:?}");
        }
    }

    assert_eq!(key.revoke(shared).await.status, 204, "their own of the same name is signed out");
    let raised: Vec<uuid::Uuid> =
        sqlx::query_scalar("select id from users where generation > 0").fetch_all(app.behind()).await.expect("ids");
    assert_eq!(raised, [in_theirs.uuid()]);
}

/// What a key of one org reads and writes, and what its administrators do to keys, with the same address and the same
/// names in the other.
async fn keys_cross_nothing(app: &TestApp, ours: Org, theirs: Org) {
    let scopes = [Scope::TodosRead, Scope::TodosWrite, Scope::UsersRead];
    for (org, other) in [(ours, theirs), (theirs, ours)] {
        let text = app.key(org, &scopes).await;
        let key = app.holding(&text);
        // The same request, of the same name, for the same address.
        assert_eq!(key.add_once("the-same", "shared@elsewhere.fake", "the same").await.status, 201);
        let (todos, users) = (key.get("/api/org/todos").await.body, key.get("/api/org/users").await.body);
        let all = [todos["todos"].as_array().expect("a list"), users["users"].as_array().expect("a list")];
        assert!(all.iter().all(|list| !list.is_empty()));
        assert!(!format!("{all:?}").contains(&other.id.to_string()), "{all:?}");
        let foreign = if org.id == ours.id { "theirs.fake" } else { "ours.fake" };
        assert!(!users.to_string().contains(foreign), "{users}");
        for (path, of) in [("/api/org/todos", "todos"), ("/api/org/users", "users")] {
            let whole = key.get(path).await.body[of].clone();
            let from = key.get(&format!("{path}?limit=1")).await.body["next"].clone();
            let behind = match from.as_str() {
                Some(next) => key.get(&format!("{path}?cursor={next}")).await.body[of].clone(),
                None => json!([]),
            };
            let rest: Vec<_> = whole.as_array().expect("a list").iter().skip(1).cloned().collect();
            assert_eq!(behind, json!(rest), "{path}");
        }
        let reply = key.post("/api/org/todos", json!({ "email": format!("a@{foreign}"), "task": "t" })).await;
        assert_eq!(reply.status, 422, "somebody of the other org");
    }
    let sql = "select count(*) from todos t join users u on u.id = t.user_id where t.org_id <> u.org_id";
    assert_eq!(app.count(sql).await, 0);
    assert_eq!(app.count("select count(*) from todos where task = 'the same'").await, 2);

    app.person(Some(theirs), "keeper@theirs.fake", Role::Admin).await;
    let mut keeper = app.signed_in("keeper@theirs.fake").await;
    let ids = "select id from api_keys where org_id = $1";
    let of_ours: Vec<uuid::Uuid> =
        sqlx::query_scalar(ids).bind(ours.id.uuid()).fetch_all(app.behind()).await.expect("ids");
    let listed = keeper.get("/api/org/keys").await.body;
    assert_eq!(listed["keys"].as_array().map(Vec::len), Some(1), "{listed}");
    for id in of_ours {
        assert!(!listed.to_string().contains(&id.to_string()));
        assert_eq!(keeper.delete(&format!("/api/org/keys/{id}")).await.status, 404);
        let rotate = keeper.post(&format!("/api/org/keys/{id}/rotate"), json!({ "overlapSeconds": 0 })).await;
        assert_eq!(rotate.status, 404);
        // Somebody who comes with a key's id and another org, which no request can, is let into neither.
        let op = Op { actor: Actor::OrgKey { id: id.into() }, ..app.op(theirs.id) };
        assert_eq!(app.state.begin(&op).await.expect_err("another org's key").code(), "key_refused");
    }
    assert_eq!(app.count("select count(*) from api_keys where revoked_at is not null").await, 0);
}

#[tokio::test]
async fn nothing_crosses_between_orgs() {
    nothing_crosses(&TestApp::new().await).await;
}

/// The stores' own filters, with PostgreSQL's wall down: a superuser passes every policy.
#[tokio::test]
async fn nothing_crosses_where_row_level_security_is_bypassed() {
    let database = TestDatabase::new().await;
    let url = database.url("postgres");
    nothing_crosses(&TestApp::over(database, url, |_| {}).await).await;
}

/// PostgreSQL's wall, without any filter of ours.
#[tokio::test]
async fn the_database_shows_and_takes_one_org_s_rows_only() {
    let app = TestApp::new().await;
    let (ours, theirs) = (app.company("ours.fake").await, app.company("theirs.fake").await);
    for (org, email) in [(ours, "a@ours.fake"), (theirs, "b@theirs.fake")] {
        app.member(org, email).await;
        app.signed_in(email).await.add_once("\"a-key\"", "t").await;
        app.key(org, &[Scope::Revoke]).await;
    }
    sso_rows(&app, ours).await;
    sso_rows(&app, theirs).await;
    let tables = tenant_tables(&app).await;
    assert!(tables.len() >= 6, "{tables:?}");
    for role in ["curfew_app", "curfew_owner"] {
        let pool = pool(&app, role).await;
        for table in tables.iter().map(String::as_str).chain(["orgs"]) {
            let all = app.count(&format!("select count(*) from {table}")).await;
            assert!(all >= 2, "a row of each org must be made above, so that {table} is tried");
            let without: i64 =
                sqlx::query_scalar(&format!("select count(*) from {table}")).fetch_one(&pool).await.expect("a count");
            assert_eq!(without, 0, "{role} sees rows of {table} without a tenant");
            let mut tx = pool.begin().await.expect("a transaction");
            let set = format!("select set_config('curfew.org_id', '{}', true)", ours.id);
            sqlx::query(&set).execute(&mut *tx).await.expect("a tenant");
            let column = if table == "orgs" { "id" } else { "org_id" };
            let sql = format!("select count(*) filter (where {column} = '{}'), count(*) from {table}", ours.id);
            let (own, seen): (i64, i64) = sqlx::query_as(&sql).fetch_one(&mut *tx).await.expect("counts");
            assert!(own > 0 && own == seen, "{role} in {table}: {own} of {seen}");
        }
    }
    let pool = pool(&app, "curfew_app").await;
    let mut tx = pool.begin().await.expect("a transaction");
    let set = format!("select set_config('curfew.org_id', '{}', true)", ours.id);
    sqlx::query(&set).execute(&mut *tx).await.expect("a tenant");
    let smuggled = format!(
        "insert into api_keys (id, org_id, name, scopes, secret_digest, last_four, created_at, created_by) \
         values (gen_random_uuid(), '{}', 'x', '{{revoke}}', 'x', 'x', now(), 'x')",
        theirs.id
    );
    let refused = sqlx::query(&smuggled).execute(&mut *tx).await.expect_err("another org's row");
    assert!(refused.to_string().contains("row-level security"), "{refused}");
}

/// A table with an org that has no forced policy would be a hole nobody sees.
#[tokio::test]
async fn every_tenant_table_is_forced() {
    let app = TestApp::new().await;
    for table in tenant_tables(&app).await.iter().map(String::as_str).chain(["orgs"]) {
        let forced = format!(
            "select count(*) from pg_class c where c.oid = '{table}'::regclass and relrowsecurity and relforcerowsecurity \
             and exists (select 1 from pg_policy p where p.polrelid = c.oid and p.polcmd = '*' and p.polroles = '{{0}}')"
        );
        assert_eq!(app.count(&forced).await, 1, "{table}");
    }
    let nullable = "select count(*) from information_schema.columns \
                    where table_schema = 'public' and column_name = 'org_id' and is_nullable = 'YES'";
    assert_eq!(app.count(nullable).await, 0);
}

/// The functions that look past the wall: who may call which.
#[tokio::test]
async fn the_runtime_role_cannot_call_what_is_the_operator_s() {
    let app = TestApp::new().await;
    let pool = pool(&app, "curfew_app").await;
    for sql in [
        "select * from list_orgs()",
        "select * from list_domain_moves('tables.fake')",
        "select move_user(gen_random_uuid(), 'tables.fake')",
        "select merge_user(gen_random_uuid(), 'tables.fake')",
        "insert into sso_connections (id) values (gen_random_uuid())",
        "update sso_connections set issuer = 'https://evil.example'",
        "update identities set subject = 'x'",
        "delete from identities",
        "delete from spent_tokens",
        "update spent_tokens set outcome = 'ended'",
        "delete from ended_sids",
        "update audit_events set event = 'x'",
        "delete from audit_events",
        "delete from sign_ins",
        "create table x (id int)",
        "set role curfew_lookup",
        "set role curfew_owner",
    ] {
        let refused = sqlx::query(sql).execute(&pool).await.expect_err(sql).to_string();
        assert!(refused.contains("permission denied"), "{sql}: {refused}");
    }
    let open = "select coalesce(json_agg(proname), '[]') from pg_proc p join pg_namespace n on n.oid = p.pronamespace \
                where n.nspname = 'public' and p.prosecdef and has_function_privilege('public', p.oid, 'execute')";
    let open: Value =
        sqlx::query_scalar::<_, sqlx::types::JsonValue>(open).fetch_one(app.behind()).await.expect("names");
    assert_eq!(open, json!([]), "functions that everybody may call");
}

/// A connection, an attempt and an identity.
async fn sso_rows(app: &TestApp, org: Org) {
    app.connect(org, "https://idp.example").await;
    let attempt = format!(
        "insert into login_attempts (state_digest, org_id, connection_id, browser_digest, issuer, client_id, nonce, \
         pkce_verifier, return_to, prompted, from_own_page, seq, created_at, expires_at) \
         select decode(md5(id::text), 'hex'), org_id, id, '', issuer, client_id, '', '', '/', false, true, 0, now(), now() \
         from sso_connections where org_id = '{}'",
        org.id
    );
    let identity = format!(
        "insert into identities (org_id, issuer, subject, user_id, created_at) \
         select org_id, 'https://idp.example', 'the same', id, now() from users where org_id = '{}'",
        org.id
    );
    let spent = format!(
        "insert into spent_tokens (org_id, issuer, jti_digest, request_digest, outcome, expires_at) \
         values ('{}', 'https://idp.example', '', '', 'ended', now())",
        org.id
    );
    let sid = format!(
        "insert into ended_sids (org_id, issuer, sid, seq, expires_at) \
         values ('{}', 'https://idp.example', 'the same', 1, now())",
        org.id
    );
    let group = format!(
        "insert into groups (id, org_id, display_name, display_name_folded, created_at, updated_at) \
         values (gen_random_uuid(), '{}', 'The same', 'the same', now(), now())",
        org.id
    );
    let member = format!(
        "insert into group_members (org_id, group_id, user_id, created_at) \
         select g.org_id, g.id, u.id, now() from groups g join users u on u.org_id = g.org_id where g.org_id = '{}'",
        org.id
    );
    let given = |to: &str, from: &str| {
        format!(
            "insert into {to}_entitlements (org_id, {to}_id, entitlement_id) \
             select t.org_id, t.id, e.id from {from} t join entitlements e on e.org_id = t.org_id \
             where t.org_id = '{}' and e.grants = 'member'",
            org.id
        )
    };
    for sql in [attempt, identity, spent, sid, group, member, given("user", "users"), given("group", "groups")] {
        assert_eq!(app.force(&sql).await, 1, "{sql}");
    }
}

async fn tenant_tables(app: &TestApp) -> Vec<String> {
    let sql = "select table_name::text from information_schema.columns \
               where table_schema = 'public' and column_name = 'org_id' order by 1";
    sqlx::query_scalar(sql).fetch_all(app.behind()).await.expect("tables")
}

async fn pool(app: &TestApp, role: &str) -> sqlx::PgPool {
    use secrecy::ExposeSecret;
    sqlx::PgPool::connect(app.database.url(role).expose_secret()).await.expect("a pool")
}
