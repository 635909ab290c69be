//! Companies as a file, which says of each what is not as every company begins.

use std::fmt::Write as _;

use api::domain::orgs::Policy;

use super::read::role_text;
use super::shape::{Company, Key, Kind, Length, Proof, Provider, Role, usual_roles};

const HEAD: &str = "\
# Companies, as `seed plan`, `seed apply` and `seed export` have them. docs/CONFIGURATION.md says what can stand here.
# No secret does: a client secret is looked for in the environment, and a key is written to a file when it is made.
";

/// A file that says all of these.
pub fn write(companies: &[Company]) -> String {
    let mut text = HEAD.to_owned();
    for company in companies {
        let _ = write!(text, "\n{}", of_company(company));
    }
    text
}

/// A text as TOML has it.
pub fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// Texts as TOML has them.
pub fn listed<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    format!("[{}]", texts.into_iter().map(quoted).collect::<Vec<_>>().join(", "))
}

/// Lines of a table.
struct Table(String);

impl Table {
    fn new(head: &str) -> Self {
        Self(format!("{head}\n"))
    }

    fn line(&mut self, name: &str, value: impl AsRef<str>) {
        let _ = writeln!(self.0, "{name} = {}", value.as_ref());
    }

    fn flag(&mut self, name: &str, value: bool, unless_said: bool) {
        if value != unless_said {
            self.line(name, value.to_string());
        }
    }

    fn note(&mut self, note: &str) {
        let _ = writeln!(self.0, "# {note}");
    }
}

fn of_company(company: &Company) -> String {
    let Company { slug, name, domains, policy, providers, roles, keys } = company;
    let mut table = Table::new("[[org]]");
    table.line("slug", quoted(slug));
    if name != slug {
        table.line("name", quoted(name));
    }
    if !domains.is_empty() {
        table.line("domains", listed(domains.iter().map(String::as_str)));
    }
    let mut tables = vec![table];
    tables.extend(of_policy(*policy));
    tables.extend(providers.iter().map(|(domain, provider)| of_provider(domain.as_deref(), provider)));
    if *roles != usual_roles() {
        tables.extend(roles.iter().map(|((kind, _), role)| of_role(*kind, role)));
    }
    tables.extend(keys.iter().map(of_key));
    tables.into_iter().map(|table| table.0).collect::<Vec<_>>().join("\n")
}

fn of_policy(policy: Policy) -> Option<Table> {
    let mut table = Table::new("[org.policy]");
    let length = |seconds: i32| quoted(&Length(seconds.into()).to_string());
    for (name, seconds, usual) in [
        ("idle_timeout", policy.idle_timeout, Policy::DEFAULT.idle_timeout),
        ("absolute_lifetime", policy.absolute_lifetime, Policy::DEFAULT.absolute_lifetime),
        ("privileged_auth_age", policy.privileged_auth_age, Policy::DEFAULT.privileged_auth_age),
    ] {
        if seconds != usual {
            table.line(name, length(seconds));
        }
    }
    table.flag("ends_provider_session", policy.ends_provider_session, Policy::DEFAULT.ends_provider_session);
    (policy != Policy::DEFAULT).then_some(table)
}

fn of_provider(domain: Option<&str>, provider: &Provider) -> Table {
    let Provider { issuer, client_id, proof, provisions, prompt_only, requires_logout_typ } = provider;
    let mut table = Table::new("[[org.sso]]");
    if let Some(domain) = domain {
        table.line("domain", quoted(domain));
    }
    table.line("issuer", quoted(issuer));
    table.line("client_id", quoted(client_id));
    match proof {
        Proof::Secret { variable } => {
            table.note("The secret must be in this variable when the file is planned or applied.");
            table.line("client_secret_env", quoted(variable));
        }
        Proof::PrivateKey => table.line("client_auth", quoted(proof.as_str())),
    }
    table.flag("provisions", *provisions, true);
    table.flag("prompt_only", *prompt_only, false);
    table.flag("requires_logout_typ", *requires_logout_typ, false);
    table
}

fn of_role(kind: Kind, role: &Role) -> Table {
    let Role { name, description, grants } = role;
    let mut table = Table::new("[[org.role]]");
    if kind == Kind::Entitlement {
        table.line("kind", quoted(kind.as_str()));
    }
    table.line("name", quoted(name));
    if let Some(grants) = grants {
        table.line("grants", quoted(role_text(*grants)));
    }
    if !description.is_empty() {
        table.line("description", quoted(description));
    }
    table
}

fn of_key(key: &Key) -> Table {
    let Key { name, scopes, lifetime, file } = key;
    let mut table = Table::new("[[org.key]]");
    table.line("name", quoted(name));
    table.line("scopes", listed(scopes.list().iter().map(|scope| scope.as_str())));
    if let Some(lifetime) = lifetime {
        table.line("lifetime", quoted(&Length(*lifetime).to_string()));
    }
    table.note("Where the key is written to when it is made.");
    table.line("file", quoted(file));
    table
}
