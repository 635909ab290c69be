//! `seed role`, run as a person runs it.

mod common;

use common::Seed;

async fn world() -> Seed {
    let seed = Seed::new().await;
    seed.run(&["org", "add", "gridco.example"]);
    seed.run(&["user", "add", "trinity@gridco.example", "--name", "Trinity", "--role", "owner"]);
    seed.run(&["user", "add", "somnus@gridco.example", "--name", "Somnus"]);
    seed
}

#[tokio::test]
async fn a_company_gives_roles_under_names_of_its_own() {
    let seed = world().await;
    let told =
        seed.run(&["role", "add", "gridco.example", "Todo Auditor", "--grants", "auditor", "--description", "Reads"]);
    assert_eq!(told, "gridco.example can give \"Todo Auditor\" now.\n");
    seed.run(&["role", "add", "gridco.example", "is_tall", "--entitlement"]);
    let list = seed.run(&["role", "list", "gridco.example"]);
    assert_eq!(list.lines().count(), 1 + 4 + 2, "{list}");
    assert!(
        list.lines()
            .any(|line| line.starts_with("Todo Auditor") && line.contains("auditor") && line.ends_with("Reads"))
    );
    assert!(list.lines().any(|line| line.starts_with("is_tall") && line.contains("entitlement")));
    let somnus = ["role", "set", "gridco.example", "todo auditor", "is_tall", "--to", "Somnus@gridco.example"];
    let told = seed.run(&somnus);
    assert_eq!(told, "Of what gridco.example can give, Somnus@gridco.example has: Todo Auditor, is_tall.\n");
    let auditors = "select count(*) from users where name = 'Somnus' and role = 'auditor'";
    assert_eq!(seed.count(auditors).await, 1);
    seed.run(&["role", "remove", "gridco.example", "Todo Auditor"]);
    assert_eq!(seed.count(auditors).await, 0, "who had it has it no more");
    let told = seed.run(&["role", "set", "gridco.example", "--to", "somnus@gridco.example"]);
    assert!(told.ends_with("has: nothing.\n"), "{told}");
}

#[tokio::test]
async fn what_is_wrong_is_one_sentence() {
    let seed = world().await;
    for (line, sentence) in [
        (&["role", "list", "nowhere.example"][..], "No company owns the domain nowhere.example"),
        (
            &["role", "add", "gridco.example", "King"],
            "Say what the role lets people do, with --grants; or make it an --entitlement.",
        ),
        (&["role", "add", "gridco.example", " ", "--grants", "admin"], "A role's name has 1 to 255 characters."),
        (&["role", "add", "gridco.example", "OWNER", "--grants", "admin"], "The org has \"OWNER\" already."),
        (
            &["role", "remove", "gridco.example", "King"],
            "The company has no role \"King\"; it has: Admin, Auditor, Member, Owner.",
        ),
        (&["role", "remove", "gridco.example", "Owner"], "This is the last owner of the org."),
        (
            &["role", "set", "gridco.example", "Member", "--to", "trinity@gridco.example"],
            "This is the last owner of the org.",
        ),
        (
            &["role", "set", "gridco.example", "Member", "--to", "neo@gridco.example"],
            "Nobody in that company has the address neo@gridco.example.",
        ),
        (&["role", "set", "gridco.example", "Member", "--group", "Zion"], "The company has no group \"Zion\"."),
        (
            &["user", "add", "bob@tables.example", "--name", "Bob", "--role", "admin"],
            "Only people of a company have roles",
        ),
    ] {
        let told = seed.refused(line);
        assert!(told.contains(sentence), "{line:?}: {told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
    assert_eq!(seed.count("select count(*) from users where role = 'owner'").await, 1);
}
