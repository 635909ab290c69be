//! Who it is whom a provider vouches for.

use api::kernel::Role;
use serde_json::json;

use super::{TRINITY, World, attempt, page};
use crate::support::Account;

async fn refused(world: &World, account: &mut Account) -> String {
    let before = world.app.count("select count(*) from identities").await;
    let reply = world.sign_in(&mut world.app.anonymous(), account).await;
    assert_eq!(reply.status, 403, "{reply:?}");
    assert_eq!(world.app.count("select count(*) from identities").await, before, "nothing is linked");
    assert_eq!(world.app.count("select count(*) from sign_ins where ended_at is null").await, 0);
    page(&reply)
}

#[tokio::test]
async fn somebody_who_is_here_already_is_linked_by_an_address_of_the_company_s_own() {
    let world = World::new().await;
    let id = world.app.person(Some(world.org), TRINITY, Role::Admin).await;
    for email_verified in [Some(true), None] {
        let email = Some("TRINITY@WhiteRabbit.FAKE".to_owned());
        let mut account = Account { email, email_verified, ..Account::new(TRINITY) };
        let mut browser = world.signed_in(&mut account).await;
        let me = browser.get("/api/users/me").await.body;
        assert_eq!((&me["id"], &me["role"]), (&json!(id), &json!("admin")));
        world.app.force("delete from identities").await;
    }
    assert_eq!(world.app.count("select count(*) from users").await, 1);
}

#[tokio::test]
async fn an_address_that_the_provider_says_is_unverified_links_and_makes_nobody() {
    let world = World::new().await;
    let mut account = Account { email_verified: Some(false), ..Account::new(TRINITY) };
    assert_eq!(refused(&world, &mut account).await, "email_unverified");
    world.app.member(world.org, TRINITY).await;
    assert_eq!(refused(&world, &mut account).await, "email_unverified");
}

#[tokio::test]
async fn an_address_outside_the_company_s_domains_is_refused_and_says_so() {
    let world = World::new().await;
    let matrix = world.app.company("matrix.fake").await;
    world.app.member(matrix, "smith@matrix.fake").await;
    world.app.person(None, "bob@tables.fake", Role::Owner).await;
    for email in ["smith@matrix.fake", "bob@tables.fake", "x@sub.whiterabbit.fake", "x@whiterabbit.fake.evil.example"] {
        let mut account = Account::new(email);
        assert_eq!(refused(&world, &mut account).await, "email_of_another_domain", "{email}");
    }
    let reply = world.sign_in(&mut world.app.anonymous(), &mut Account::new("smith@matrix.fake")).await;
    let sentence = "ends in matrix.fake, which is not a domain of whiterabbit.fake";
    assert!(reply.body.to_string().contains(sentence), "{reply:?}");
    world.app.domain(world.org, "white.fake").await;
    world.signed_in(&mut Account::new("x@white.fake")).await;
    world.app.force("delete from sign_ins").await;
    world.app.force("delete from identities").await;
    world.app.force("update org_domains set verified_by = null, verified_at = null where domain = 'white.fake'").await;
    assert_eq!(refused(&world, &mut Account::new("y@white.fake")).await, "email_of_another_domain", "not vouched for");
}

#[tokio::test]
async fn no_address_or_none_that_is_one_is_said() {
    let world = World::new().await;
    for email in [None, Some("trinity"), Some(""), Some("a\0@whiterabbit.fake"), Some("a b@whiterabbit.fake")] {
        let mut account = Account { email: email.map(str::to_owned), ..Account::new(TRINITY) };
        assert_eq!(refused(&world, &mut account).await, "email_missing", "{email:?}");
    }
}

#[tokio::test]
async fn somebody_who_is_known_by_another_identity_is_not_taken_over() {
    let world = World::new().await;
    world.signed_in(&mut Account::new(TRINITY)).await;
    world.app.force("delete from sign_ins").await;
    let mut another = Account { sub: "another".to_owned(), ..Account::new(TRINITY) };
    assert_eq!(refused(&world, &mut another).await, "linked_elsewhere");
    // Until the operator forgets the first one.
    let op = world.app.op(world.org.id);
    let tx = world.app.begin_as_owner(&op).await;
    let email = api::kernel::Email::parse(TRINITY).expect("an address");
    let user = api::domain::users::find_by_email_locked(&tx, op.scope, &email).await.expect("asked").expect("her");
    assert_eq!(api::domain::sso::unlink(&tx, &op, user.id).await.expect("unlinked"), 1);
    tx.commit().await.expect("committed");
    world.signed_in(&mut another).await;
    assert_eq!(world.app.count("select count(*) from users").await, 1);
}

#[tokio::test]
async fn a_company_may_change_its_provider_and_the_old_one_signs_nobody_in() {
    let world = World::new().await;
    let mut before = Account::new(TRINITY);
    let mut browser = world.signed_in(&mut before).await;
    world.app.connect(world.org, &world.provider.issuer("new")).await;
    assert!(!world.is_in(&mut browser).await, "what the old provider opened has ended");
    assert_eq!(world.app.count("select count(*) from sign_ins where ended_cause = 'provider_required'").await, 1);
    let mut after = Account { sub: "another-name".to_owned(), auth_time: None, ..Account::new(TRINITY) };
    world.app.clock.advance(time::Duration::seconds(2));
    let mut browser = world.signed_in(&mut after).await;
    assert_eq!(browser.get("/api/users/me").await.body["email"], TRINITY);
    assert_eq!(world.app.count("select count(*) from users").await, 1, "the same person, by her new name there");
}

#[tokio::test]
async fn deactivated_people_are_refused_by_whatever_name_and_come_to_no_new_life() {
    let world = World::new().await;
    let mut account = Account::new(TRINITY);
    let mut browser = world.signed_in(&mut account).await;
    world.app.force("update users set active = false").await;
    assert!(!world.is_in(&mut browser).await);
    world.app.force("delete from sign_ins").await;
    assert_eq!(refused(&world, &mut account).await, "deactivated", "by issuer and subject");
    world.app.force("delete from identities").await;
    assert_eq!(refused(&world, &mut account).await, "deactivated", "by address");
    assert_eq!(world.app.count("select count(*) from users where active").await, 0);
}

#[tokio::test]
async fn where_the_company_makes_its_people_itself_nobody_else_comes_in() {
    let world = World::new().await;
    world.app.connect_as(world.org, &world.provider.issuer("t"), |settings| settings.provisions = false).await;
    assert_eq!(refused(&world, &mut Account::new("neo@whiterabbit.fake")).await, "no_account");
    world.app.member(world.org, TRINITY).await;
    world.signed_in(&mut Account::new(TRINITY)).await;
}

#[tokio::test]
async fn an_account_of_google_counts_by_its_organisation() {
    use api::domain::sso::{self, Claims, Recognised};
    let world = World::new().await;
    let google = "https://accounts.google.com";
    world.app.connect(world.org, google).await;
    let op = world.app.op(world.org.id);
    for (hosted_domain, comes_in) in [(None, false), (Some("gmail.com"), false), (Some("WhiteRabbit.fake"), true)] {
        let attempt = attempt(&world).await;
        let claims = Claims {
            issuer: google.to_owned(),
            subject: "1".to_owned(),
            sid: None,
            auth_time: None,
            email: Some(TRINITY.to_owned()),
            email_verified: Some(true),
            name: None,
            hosted_domain: hosted_domain.map(str::to_owned),
            issued_at: world.app.clock.now(),
            id_token: "an ID token".into(),
        };
        let tx = world.app.begin(&op).await;
        let recognised = sso::recognise(&tx, &op, &world.app.state.config.sealer, &attempt, &claims).await;
        match recognised {
            Ok(Recognised::SignedIn(_)) => assert!(comes_in, "{hosted_domain:?}"),
            Err(error) => assert!(!comes_in && error.code() == "email_unverified", "{hosted_domain:?}: {error}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn what_somebody_is_called_is_cleaned_and_never_missing() {
    let world = World::new().await;
    for (index, (name, kept)) in [
        (None, "p0"),
        (Some("  "), "p1"),
        (Some("A\0 \u{7}B "), "A B"),
        (Some("é".repeat(300).as_str()), "é".repeat(200).as_str()),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("p{index}@whiterabbit.fake");
        let mut account = Account { name: name.map(str::to_owned), ..Account::new(&email) };
        let mut browser = world.signed_in(&mut account).await;
        assert_eq!(browser.get("/api/users/me").await.body["name"], kept);
    }
}
