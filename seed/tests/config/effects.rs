//! What comes of a change is said beforehand, and is what happens.

use crate::world::{SECRET, World};

const BARE: &str = "[[org]]\nslug = \"garden.example\"\ndomains = [\"birds.example\"]\n";

/// A company with three people: Rose, who is its owner, and Robin of birds.example are signed in by password; Wren by a
/// provider.
async fn people() -> World {
    let world = World::new().await;
    world.apply(BARE);
    for (who, role) in
        [("rose@garden.example", "owner"), ("robin@birds.example", "admin"), ("wren@birds.example", "member")]
    {
        world.seed.run(&["user", "add", who, "--name", who, "--role", role, "--password", "x"]);
    }
    world
        .sql(
            "insert into sign_ins (id, org_id, user_id, auth_time, created_at, last_seen_at, expires_at, idp_iss, idp_sub) \
             select gen_random_uuid(), org_id, id, now(), now() - interval '2 hours', now() - interval '20 minutes', \
                 now() + interval '1 hour', case when name like 'wren%' then 'https://old.example' end, \
                 case when name like 'wren%' then 'wren' end from users",
        )
        .await;
    world
}

async fn signed_in(world: &World) -> Vec<String> {
    let sql = "select split_part(u.name, '@', 1) from sign_ins s join users u on (u.org_id, u.id) = (s.org_id, s.user_id) \
               where s.ended_at is null order by 1";
    sqlx::query_scalar(sql).fetch_all(&world.seed.0.superuser).await.expect(sql)
}

fn sso(domain: &str, issuer: &str) -> String {
    let domain = if domain.is_empty() { String::new() } else { format!("domain = \"{domain}\"\n") };
    format!("[[org.sso]]\n{domain}issuer = \"{issuer}\"\nclient_id = \"c\"\nclient_secret_env = \"{}\"\n", SECRET.0)
}

#[tokio::test]
async fn a_provider_signs_out_who_is_signed_in_by_something_else() {
    let world = people().await;
    let one = BARE.to_owned() + &sso("", "https://idp.example");
    let told = world.planned(&one);
    assert!(told.contains("        # signs out who is signed in by something else: 3 people\n"), "{told}");
    assert_eq!(signed_in(&world).await.len(), 3, "a plan signs nobody out");
    let told = world.apply(&one);
    assert!(told.contains("garden.example: signed out 3 people, who were signed in by something else"), "{told}");
    assert!(signed_in(&world).await.is_empty());
    let ended = "select count(*) from sign_ins where ended_cause = 'provider_required'";
    assert_eq!(world.seed.count(ended).await, 3);
}

#[tokio::test]
async fn a_provider_for_one_domain_signs_out_that_domain_s_and_those_of_no_provider() {
    let world = people().await;
    let told = world.apply(&(BARE.to_owned() + &sso("birds.example", "https://old.example")));
    assert!(told.contains("something else: 1 person\n"), "Robin, by password; Wren comes from there: {told}");
    assert_eq!(signed_in(&world).await, ["rose", "wren"]);
    // The provider of one moves to the other in one file: whoever came from it stays.
    let moved = BARE.to_owned() + &sso("birds.example", "https://new.example") + &sso("", "https://old.example");
    let told = world.apply(&moved);
    assert!(told.contains("something else: 1 person\n"), "Rose: {told}");
    assert_eq!(signed_in(&world).await, ["wren"]);
    world.is_so(&moved);
    // Without any, who is signed in by it stays.
    let told = world.apply(BARE);
    assert!(told.contains("# passwords count again, where people have one"), "{told}");
    assert_eq!(signed_in(&world).await, ["wren"]);
}

#[tokio::test]
async fn a_shorter_policy_ends_what_is_over_by_it() {
    let world = people().await;
    let short = BARE.to_owned() + "[org.policy]\nidle_timeout = \"10m\"\n";
    let told = world.planned(&short);
    assert!(told.contains("        idle_timeout: 30m -> 10m\n        # ends at once: 3 sessions\n"), "{told}");
    let told = world.apply(&short);
    assert!(told.contains("garden.example: changed policy, which ended 3 sessions\n"), "{told}");
    assert!(signed_in(&world).await.is_empty());
    assert_eq!(world.seed.count("select count(*) from sign_ins where ended_cause = 'policy_changed'").await, 3);
}

#[tokio::test]
async fn a_domain_that_goes_signs_out_who_has_an_address_of_it() {
    let world = people().await;
    let without = "[[org]]\nslug = \"garden.example\"\n";
    let told = world.planned(without);
    assert!(
        told.contains(
            "    - domain \"birds.example\"\n        # signs out, because it lets them in no more: 2 people\n"
        ),
        "{told}"
    );
    world.apply(without);
    assert_eq!(signed_in(&world).await, ["rose"]);
    assert_eq!(world.seed.count("select count(*) from users").await, 3, "they stay the company's people");
    assert_eq!(world.seed.count("select count(*) from users where generation = 1").await, 2);
}

#[tokio::test]
async fn roles_are_said_by_how_many_may_do_something_else_and_an_owner_stays() {
    let world = people().await;
    let roles = |owner: &str, admin: &str| {
        format!(
            "{BARE}[[org.role]]\nname = \"Owner\"\ngrants = \"{owner}\"\n[[org.role]]\nname = \"Admin\"\ngrants = \"{admin}\"\n"
        )
    };
    let held = "select string_agg(split_part(name, '@', 1) || ':' || role, ' ' order by name) from users";
    let now = async || -> String { sqlx::query_scalar(held).fetch_one(&world.seed.0.superuser).await.expect(held) };
    let told = world.apply(&roles("owner", "auditor"));
    assert!(told.contains("        # may do something else from then on: 1 person\n"), "{told}");
    assert_eq!(now().await, "robin:auditor rose:owner wren:member");
    // Nobody would be owner any more: said by the plan, and nothing is done.
    let file = world.file("garden.toml", &roles("admin", "auditor"));
    let (told, code) = world.says(&["apply", &file, "--yes"], &[]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("garden.toml:4:1: This would leave the company without an owner."), "{told}");
    assert_eq!(now().await, "robin:auditor rose:owner wren:member");
    // They change places, in whatever order the names have.
    let told = world.apply(&roles("admin", "owner"));
    assert!(told.contains("from then on: 2 people\n"), "{told}");
    assert_eq!(now().await, "robin:owner rose:admin wren:member");
    world.apply(&roles("owner", "admin"));
    assert_eq!(now().await, "robin:admin rose:owner wren:member");
    assert_eq!(
        world.seed.count("select count(*) from audit_events where event = 'user.role_changed'").await,
        2 + 1 + 2 + 2
    );
}
