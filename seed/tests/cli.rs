//! The command line `seed`, run as a person runs it, on a database of the test's own.

mod common;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

use common::{KEY, Seed};
use secrecy::ExposeSecret;

#[tokio::test]
async fn workshop_start_makes_the_two_people_of_the_first_part() {
    let seed = Seed::new().await;
    for _ in 0..2 {
        let told = seed.run(&["workshop", "start"]);
        assert!(told.contains("bob@tables.fake") && told.contains("correct horse battery staple"), "{told}");
        assert!(told.contains("trinity@whiterabbit.fake") && told.contains("Zion"), "{told}");
    }
    assert_eq!(seed.count("select count(*) from users where org_kind = 'personal'").await, 2);
    assert_eq!(seed.count("select count(*) from orgs where kind = 'company'").await, 0);
}

#[tokio::test]
async fn the_demo_may_be_seeded_again_and_after_the_first_part() {
    for before in [&[][..], &["workshop", "start"]] {
        let seed = Seed::new().await;
        if !before.is_empty() {
            seed.run(before);
        }
        seed.run(&["demo"]);
        assert_eq!(seed.count("select count(*) from api_keys").await, 0, "the well-known key only when asked for");
        seed.run(&["demo", "--workshop-keys"]);
        seed.run(&["demo", "--workshop-keys"]);
        assert_eq!(seed.count("select count(*) from users").await, 4);
        assert_eq!(seed.count("select count(*) from orgs where kind = 'company'").await, 2);
        assert_eq!(seed.count("select count(*) from users where role = 'owner' and org_kind = 'company'").await, 2);
        assert_eq!(seed.count("select count(*) from api_keys where workshop and scopes = '{revoke}'").await, 1);
        let trinity = "select count(*) from users u join orgs o on o.id = u.org_id \
                       where u.email = 'trinity@whiterabbit.fake' and o.slug = 'whiterabbit.fake' \
                         and u.password_hash is not null";
        assert_eq!(seed.count(trinity).await, 1);
    }
}

#[tokio::test]
async fn people_and_companies_are_made_where_they_belong() {
    let seed = Seed::new().await;
    seed.run(&["org", "add", "Whiterabbit.FAKE", "--name", "White Rabbit"]);
    assert_eq!(
        seed.refused(&["org", "add", "whiterabbit.fake"]),
        "seed: An org already has the domain whiterabbit.fake."
    );
    seed.run(&["user", "add", "neo@whiterabbit.fake", "--name", "Neo", "--role", "admin", "--password", "x"]);
    seed.run(&["user", "add", "alone@nowhere.fake", "--name", "Alone"]);
    assert_eq!(
        seed.refused(&["user", "add", "NEO@whiterabbit.fake", "--name", "Neo"]),
        "seed: Somebody with this e-mail address is already there."
    );
    assert_eq!(seed.refused(&["user", "add", "neo", "--name", "Neo"]), "seed: \"neo\" is not an e-mail address.");
    let empty = seed.refused(&["user", "add", "e@nowhere.fake", "--name", "E", "--password", ""]);
    assert!(empty.starts_with("seed: A password cannot be empty"), "{empty}");
    assert!(
        seed.refused(&["user", "add", "e@nowhere.fake", "--name", " "]).starts_with("seed: A person must have a name")
    );
    assert_eq!(seed.count("select count(*) from orgs").await, 2, "what was refused left nothing behind");
    let users = seed.run(&["show", "users"]);
    let line = |email: &str| users.lines().find(|line| line.contains(email)).expect("a line").to_owned();
    let neo = line("neo@whiterabbit.fake");
    assert!(neo.contains("admin") && neo.contains("whiterabbit.fake") && neo.ends_with("set"), "{neo}");
    let alone = line("alone@nowhere.fake");
    assert!(alone.contains("owner") && alone.contains("(personal)") && alone.ends_with("none"), "{alone}");
}

#[tokio::test]
async fn a_new_password_ends_the_sign_ins_made_with_the_old_one() {
    let seed = Seed::new().await;
    seed.run(&["workshop", "start"]);
    let before: String = sqlx::query_scalar("select password_hash from users where email = 'bob@tables.fake'")
        .fetch_one(&seed.0.superuser)
        .await
        .expect("a hash");
    seed.run(&["user", "password", "bob@tables.fake", "--password", "another"]);
    let changed = format!("select count(*) from users where generation = 1 and password_hash <> '{before}'");
    assert_eq!(seed.count(&changed).await, 1);
    assert_eq!(
        seed.refused(&["user", "password", "nobody@tables.fake", "--password", "x"]),
        "seed: Nobody has the address nobody@tables.fake."
    );
}

#[tokio::test]
async fn claiming_a_domain_moves_its_people_and_signs_them_out() {
    let seed = Seed::new().await;
    seed.run(&["workshop", "start"]);
    assert!(seed.refused(&["oidc-migrate", "whiterabbit.fake"]).starts_with("seed: No company owns"));
    let insert = "insert into todos (id, org_id, user_id, task, created_at, updated_at) \
                  select gen_random_uuid(), org_id, id, 'a task', now(), now() from users";
    let open = "insert into sign_ins (id, org_id, user_id, auth_time, created_at, last_seen_at, expires_at) \
                select gen_random_uuid(), org_id, id, now(), now(), now(), now() + interval '1 hour' from users";
    for sql in [insert, open] {
        sqlx::query(sql).execute(&seed.0.superuser).await.expect(sql);
    }
    seed.run(&["org", "add", "whiterabbit.fake"]);
    let moved = "select count(*) from users u join orgs o on o.id = u.org_id where o.slug = 'whiterabbit.fake'";

    let told = seed.run(&["oidc-migrate", "whiterabbit.fake", "--dry-run"]);
    assert!(told.contains("Would move trinity@whiterabbit.fake with 1 todos. Their password is gone"), "{told}");
    assert_eq!(seed.count(moved).await, 0);

    let told = seed.run(&["oidc-migrate", "whiterabbit.fake"]);
    assert!(told.ends_with("Moved 1 people, 0 of them merged, 0 conflicts.\n"), "{told}");
    assert_eq!(seed.count(moved).await, 1);
    let whole = "select count(*) from users u join todos t on (t.org_id, t.user_id) = (u.org_id, u.id) \
                 join sign_ins s on (s.org_id, s.user_id) = (u.org_id, u.id) \
                 where u.email = 'trinity@whiterabbit.fake' and u.password_hash is null and u.generation = 1 \
                   and t.updated_at > t.created_at \
                   and u.role = 'member' and s.ended_cause = 'moved'";
    assert_eq!(seed.count(whole).await, 1, "her todos came along and her sign-in ended");
    assert_eq!(seed.count("select count(*) from orgs where kind = 'personal' and not active").await, 1);
    assert_eq!(seed.count("select count(*) from audit_events where event = 'user.moved'").await, 1);
    assert_eq!(seed.count("select count(*) from sign_ins where ended_at is null").await, 1, "Bobby stays in");
    assert!(
        seed.run(&["oidc-migrate", "whiterabbit.fake"]).ends_with("Moved 0 people, 0 of them merged, 0 conflicts.\n")
    );
}

#[tokio::test]
async fn somebody_who_came_through_the_provider_already_is_merged_and_their_todos_follow() {
    let seed = Seed::new().await;
    seed.run(&["workshop", "start"]);
    seed.run(&["org", "add", "whiterabbit.fake"]);
    let email = "trinity@whiterabbit.fake";
    seed.run(&["user", "add", email, "--name", "Trinity", "--iss", "https://idp.example", "--sub", "00u1"]);
    let insert = "insert into todos (id, org_id, user_id, task, created_at, updated_at) \
                  select gen_random_uuid(), org_id, id, org_kind || n, now(), now() from users, generate_series(1, 2) n \
                  where email_folded = 'trinity@whiterabbit.fake'";
    let open = "insert into sign_ins (id, org_id, user_id, auth_time, created_at, last_seen_at, expires_at) \
                select gen_random_uuid(), org_id, id, now(), now(), now(), now() + interval '1 hour' from users";
    for sql in [insert, open] {
        sqlx::query(sql).execute(&seed.0.superuser).await.expect(sql);
    }
    let told = seed.run(&["oidc-migrate", "whiterabbit.fake", "--dry-run"]);
    assert!(
        told.contains("Would merge trinity@whiterabbit.fake, who is in the company already: 2 todos follow."),
        "{told}"
    );
    let todos = "select count(*) from todos t join users u on (u.org_id, u.id) = (t.org_id, t.user_id) \
                 join identities i on (i.org_id, i.user_id) = (u.org_id, u.id) where u.active";
    assert_eq!(seed.count(todos).await, 2);

    let told = seed.run(&["oidc-migrate", "whiterabbit.fake"]);
    assert!(told.ends_with("Moved 1 people, 1 of them merged, 0 conflicts.\n"), "{told}");
    assert_eq!(seed.count(todos).await, 4, "all of them belong to the one who signs in through the provider");
    assert_eq!(
        seed.count("select count(*) from todos where updated_at > created_at").await,
        2,
        "what came is new here"
    );
    let left = "select count(*) from users u join orgs o on o.id = u.org_id \
                where u.email_folded = 'trinity@whiterabbit.fake' and not u.active and not o.active \
                  and u.password_hash is null";
    assert_eq!(seed.count(left).await, 1, "the one without a company can do nothing any more");
    let ended = "select count(*) from sign_ins where ended_cause = 'moved'";
    assert_eq!(seed.count(ended).await, 1);
    let audited = "select count(*) from audit_events where event = 'user.merged' and detail->>'todos' = '2'";
    assert_eq!(seed.count(audited).await, 1);
    assert!(
        seed.run(&["oidc-migrate", "whiterabbit.fake"]).ends_with("Moved 0 people, 0 of them merged, 0 conflicts.\n")
    );
}

#[tokio::test]
async fn nobody_is_merged_into_somebody_deactivated() {
    let seed = Seed::new().await;
    seed.run(&["workshop", "start"]);
    seed.run(&["org", "add", "whiterabbit.fake"]);
    seed.run(&["user", "add", "trinity@whiterabbit.fake", "--name", "Another"]);
    let deactivate = "update users set active = false where name = 'Another'";
    sqlx::query(deactivate).execute(&seed.0.superuser).await.expect(deactivate);
    let output = seed.output(&["oidc-migrate", "whiterabbit.fake"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("Conflict: trinity@whiterabbit.fake is in the company already, deactivated"), "{told}");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(seed.count("select count(*) from users where email_folded like 'trinity%'").await, 2);
    assert_eq!(seed.count("select count(*) from users where generation > 0").await, 0);
}

#[tokio::test]
async fn a_company_s_provider_is_set_changed_shown_and_removed() {
    let seed = Seed::new().await;
    seed.run(&["org", "add", "whiterabbit.fake"]);
    seed.run(&["org", "add-domain", "whiterabbit.fake", "White.fake"]);
    let set = |more: &[&str]| {
        let base = ["org", "set-oidc", "whiterabbit.fake", "--issuer", "https://idp.example/t", "--client-id", "c"];
        seed.run(&[&base[..], &["--no-check"], more].concat())
    };
    let told = set(&["--client-secret", "hush-hush"]);
    assert!(told.contains("whiterabbit.fake signs in at https://idp.example/t from now on."), "{told}");
    assert!(told.contains("http://localhost:3333/openid/callback/whiterabbit.fake"), "{told}");
    let told = set(&["--private-key-jwt", "--domain", "white.fake", "--no-provisioning", "--prompt-only"]);
    assert!(told.contains("white.fake signs in at") && told.contains("\"kty\": \"EC\""), "{told}");
    assert!(!told.contains("PRIVATE") && !told.contains("\"d\""), "{told}");
    let shown = seed.run(&["show", "connections"]);
    let line = |domain: &str| shown.lines().find(|line| line.contains(domain)).expect("a line").to_owned();
    let words = |line: String| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
    assert!(words(line("(all others)")).contains("idp.example/t c secret yes no"), "{shown}");
    assert!(words(line(" white.fake")).contains("idp.example/t c private key no yes"), "{shown}");
    assert!(!shown.contains("hush"), "{shown}");

    let changed = ["org", "set-oidc", "whiterabbit.fake", "--issuer", "https://other.example", "--client-id", "d"];
    seed.run(&[&changed[..], &["--client-secret", "x", "--no-check"]].concat());
    let one = "select count(*) from sso_connections where domain is null and issuer = 'https://other.example' and client_id = 'd'";
    assert_eq!(seed.count(one).await, 1, "changed in place");
    assert_eq!(seed.count("select count(*) from sso_connections").await, 2);
    assert_eq!(seed.count("select count(*) from audit_events where event = 'sso.set'").await, 3);

    let unknown = [&changed[..], &["--client-secret", "x", "--no-check", "--domain", "matrix.fake"]].concat();
    assert_eq!(seed.refused(&unknown), "seed: There is no such domain of this company.");
    assert!(seed.refused(&[&changed[..], &["--no-check"]].concat()).starts_with("seed: Give --client-secret, or"));
    let refused = seed.refused(&["org", "set-oidc", "whiterabbit.fake", "--issuer", "idp.example", "--client-id", "c"]);
    assert!(refused.starts_with("seed: \"idp.example\" is no issuer"), "{refused}");

    seed.run(&["org", "unset-oidc", "whiterabbit.fake"]);
    assert_eq!(seed.refused(&["org", "unset-oidc", "whiterabbit.fake"]), "seed: There is no such connection.");
    seed.run(&["org", "unset-oidc", "whiterabbit.fake", "--domain", "white.fake"]);
    assert_eq!(seed.count("select count(*) from sso_connections").await, 0);
}

/// The usual slip is a slash at the end, so the sentence shows both.
#[tokio::test]
async fn an_issuer_that_calls_itself_otherwise_is_not_saved() {
    let seed = Seed::new().await;
    seed.run(&["org", "add", "whiterabbit.fake"]);
    let (issuer, serving) = provider("/");
    let set = |issuer: &str| {
        let set =
            ["org", "set-oidc", "whiterabbit.fake", "--client-id", "c", "--client-secret", "x", "--issuer", issuer];
        seed.refused(&set)
    };
    let told = set(&issuer);
    assert!(told.starts_with("seed: The issuer did not pass the check"), "{told}");
    assert!(told.contains(&format!("unexpected issuer URI `{issuer}/` (expected `{issuer}`)")), "{told}");
    serving.join().expect("it was asked");
    let told = set(&issuer);
    assert!(told.contains("does not answer"), "nobody is there any more: {told}");
    let told = set("http://10.0.0.1");
    assert!(told.contains("we may not ask http://10.0.0.1"), "{told}");
    assert_eq!(seed.count("select count(*) from sso_connections").await, 0);
}

/// Answers one request with a discovery document whose issuer ends in `ending`.
fn provider(ending: &'static str) -> (String, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let issuer = format!("http://{}", listener.local_addr().expect("an address"));
    let document = format!(
        "{{\"issuer\":\"{issuer}{ending}\",\"authorization_endpoint\":\"{issuer}/a\",\"jwks_uri\":\"{issuer}/k\",\
         \"response_types_supported\":[\"code\"],\"subject_types_supported\":[\"public\"],\
         \"id_token_signing_alg_values_supported\":[\"RS256\"]}}"
    );
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a request");
        let _ = stream.read(&mut [0; 2048]);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
        write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{document}", document.len()).expect("answered");
    });
    (issuer, serving)
}

#[tokio::test]
async fn a_person_s_name_at_the_provider_can_be_given_and_forgotten() {
    let seed = Seed::new().await;
    seed.run(&["org", "add", "whiterabbit.fake"]);
    let who = ["--name", "Neo", "--iss", "https://idp.example", "--sub", "00u1"];
    seed.run(&[&["user", "add", "neo@whiterabbit.fake"], &who[..]].concat());
    let taken = seed.refused(&[&["user", "add", "another@whiterabbit.fake"], &who[..]].concat());
    assert_eq!(taken, "seed: Somebody of this org is known by this issuer and subject already.");
    let alone = seed.refused(&[&["user", "add", "alone@nowhere.fake"], &who[..]].concat());
    assert!(alone.starts_with("seed: Only people of a company can have --iss and --sub"), "{alone}");
    let outside = ["user", "add", "guest@nowhere.fake", "--name", "Guest", "--org", "whiterabbit.fake"];
    let told = seed.run(&[&outside[..], &["--iss", "https://idp.example", "--sub", "00u2"]].concat());
    assert_eq!(told, "Made Guest <guest@nowhere.fake>, in whiterabbit.fake.\n");
    assert_eq!(seed.count("select count(*) from identities").await, 2);
    seed.run(&["user", "unlink", "neo@whiterabbit.fake"]);
    seed.run(&["user", "unlink", "guest@nowhere.fake", "--org", "whiterabbit.fake"]);
    assert_eq!(seed.count("select count(*) from identities").await, 0);
    assert_eq!(seed.count("select count(*) from audit_events where event = 'identity.unlinked'").await, 2);
}

#[tokio::test]
async fn the_key_of_the_secrets_can_be_replaced() {
    let seed = Seed::new().await;
    let other = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";
    seed.run(&["org", "add", "whiterabbit.fake"]);
    let set =
        ["org", "set-oidc", "whiterabbit.fake", "--issuer", "https://idp.example", "--client-id", "c", "--no-check"];
    seed.run(&[&set[..], &["--client-secret", "hush"]].concat());
    let reseal = |key: &str| {
        let url = seed.0.url("curfew_owner");
        let mut command = Command::new(env!("CARGO_BIN_EXE_seed"));
        command.arg("reseal").env_clear().env("DATABASE_OWNER_URL", url.expose_secret()).env(KEY.0, key);
        command.output().expect("it ran")
    };
    let without = reseal(other);
    assert_eq!(without.status.code(), Some(1));
    let told = String::from_utf8_lossy(&without.stderr).into_owned();
    assert!(told.contains("does not have the key it was encrypted with"), "{told}");
    assert!(reseal(&format!("{other},{}", KEY.1)).status.success());
    let last = reseal(other);
    assert_eq!(
        String::from_utf8_lossy(&last.stdout),
        "Encrypted 1 secrets with the first key. Keep the others until nobody is signed in from before.\n"
    );
}

#[test]
fn without_a_database_it_says_what_to_do() {
    let seed = |variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seed"));
        let output =
            command.args(["show", "orgs"]).current_dir("/").env_clear().envs(variables.iter().copied()).output();
        let output = output.expect("it ran");
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).expect("text").lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(seed(&[]), "seed: There is no running demo: start it with `make demo`, or set DATABASE_OWNER_URL.");
    assert_eq!(
        seed(&[("DATABASE_OWNER_URL", "nonsense")]),
        "seed: DATABASE_OWNER_URL must be a URL that begins with postgres://."
    );
    assert_eq!(
        seed(&[("DATABASE_OWNER_URL", "postgres://x@127.0.0.1:1/y")]),
        "seed: Cannot connect to the database: is it running?"
    );
}

#[tokio::test]
async fn a_policy_is_shown_changed_and_checked() {
    let seed = Seed::new().await;
    seed.run(&["org", "add", "whiterabbit.fake"]);
    assert!(seed.run(&["org", "policy", "whiterabbit.fake"]).contains("for 30m.\nIt ends after 12h,"));
    let changed = seed.run(&["org", "policy", "whiterabbit.fake", "--idle", "90", "--absolute", "1h 30m"]);
    assert!(changed.starts_with("Changed. Sign-ins that ended at once by it: 0.\n"), "{changed}");
    assert!(["for 1m 30s.", "after 1h 30m,", "within 15m."].iter().all(|part| changed.contains(part)), "{changed}");
    assert_eq!(seed.run(&["org", "policy", "whiterabbit.fake"]), changed.split_once('\n').expect("lines").1);
    let short = ["org", "policy", "whiterabbit.fake", "--absolute", "1s"];
    assert_eq!(seed.refused(&short), "seed: The absolute lifetime must be 300 to 2592000 seconds.");
    let refused = seed.output(&["org", "policy", "whiterabbit.fake", "--idle", "soon"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no length of time such as 30m"), "{refused:?}");
    assert_eq!(seed.count("select count(*) from audit_events where event = 'org.policy_set'").await, 1);
}
