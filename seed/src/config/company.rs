//! One company of a file, and what is wrong with what is said of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use api::domain::api_keys::{LIFETIME_MAX, LIFETIME_MIN, NAME_MAX, Scope};
use api::domain::orgs::Policy;
use api::domain::users;
use api::kernel::Domain;
use api::oidc;

use super::fields::{At, Fields, Places, Reader};
use super::read::{ROLES, role_named};
use super::shape::{self, Company, Key, Kind, Proof, Provider, Role, RoleName, Scopes, Thing};

/// One company that is being read.
pub struct One<'r, 'a> {
    reader: &'r Reader<'a>,
    /// Where it is said what.
    pub places: Places,
    slug: String,
}

impl<'r, 'a> One<'r, 'a> {
    /// From this file.
    pub fn new(reader: &'r Reader<'a>) -> Self {
        Self { reader, places: Places::new(), slug: String::new() }
    }

    fn wrong(&self, at: &Range<usize>, sentence: impl Into<String>) {
        self.reader.wrong(at, sentence);
    }

    fn found<T>(&mut self, thing: &Thing, field: &'static str, found: Option<&At<T>>) {
        if let Some(found) = found {
            self.places.insert((thing.clone(), field), self.reader.place(&found.at));
        }
    }

    fn domain(&self, text: &At<&str>) -> Option<String> {
        let domain = Domain::parse(text.value);
        if domain.is_none() {
            self.wrong(&text.at, format!("\"{}\" is not a domain name such as whiterabbit.fake.", text.value));
        }
        domain.map(|domain| domain.to_string())
    }

    /// A name of people's: 1 to `most` characters, none of them a control character.
    fn name(&self, what: &str, most: usize, text: &At<&str>) -> String {
        let name = text.value.trim();
        if !(1..=most).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            self.wrong(&text.at, format!("{what} name has 1 to {most} characters, and no control characters."));
        }
        name.to_owned()
    }

    /// What is said of it. `None` when not even its slug is.
    pub fn company(&mut self, mut fields: Fields<'r, 'a>) -> Option<Company> {
        self.places.insert((Thing::Company, ""), self.reader.place(&fields.at));
        let slug = fields.needed("slug");
        self.found(&Thing::Company, "slug", slug.as_ref());
        let parsed = slug.as_ref().and_then(|slug| self.domain(slug));
        self.slug = parsed.clone().unwrap_or_default();
        let name = fields.text("name");
        self.found(&Thing::Company, "name", name.as_ref());
        let name = name.map_or_else(|| self.slug.clone(), |name| self.name("A company's", 255, &name));
        let domains = self.domains(&mut fields);
        let policy = fields.table("policy").map_or(Policy::DEFAULT, |fields| self.policy(fields));
        let mut providers = BTreeMap::new();
        for table in fields.tables("sso", "[[org.sso]]") {
            let at = table.at.clone();
            if let Some((domain, provider)) = self.provider(table, &domains)
                && providers.insert(domain, provider).is_some()
            {
                self.wrong(&at, "Another [[org.sso]] is for the same people: give it, or the other, a `domain`.");
            }
        }
        let tables = fields.tables("role", "[[org.role]]");
        let mut roles = if tables.is_empty() { shape::usual_roles() } else { BTreeMap::new() };
        for table in tables {
            let at = table.at.clone();
            if let Some((name, role)) = self.role(table)
                && let Some(role) = roles.insert(name, role)
            {
                self.wrong(
                    &at,
                    format!("There is another {:?} above: names differ by more than their case.", role.name),
                );
            }
        }
        let keys = fields.tables("key", "[[org.key]]");
        let keys = self.keys(keys);
        fields.done();
        Some(Company { slug: parsed?, name, domains, policy, providers, roles, keys })
    }

    fn domains(&mut self, fields: &mut Fields<'r, 'a>) -> BTreeSet<String> {
        let mut domains = BTreeSet::new();
        for text in fields.texts("domains").map(|found| found.value).unwrap_or_default() {
            let Some(domain) = self.domain(&text) else { continue };
            self.found(&Thing::Domain(domain.clone()), "", Some(&text));
            if domain == self.slug {
                self.wrong(&text.at, "The slug is one of the company's domains already: leave it out here.");
            } else if !domains.insert(domain) {
                self.wrong(&text.at, format!("The domain {} is here twice.", text.value));
            }
        }
        domains
    }

    /// Whole seconds.
    fn length(&self, text: &At<&str>) -> Option<i64> {
        let length = humantime::parse_duration(text.value).ok().filter(|length| length.subsec_nanos() == 0);
        let seconds = length.and_then(|length| i64::try_from(length.as_secs()).ok());
        if seconds.is_none() {
            self.wrong(&text.at, format!("\"{}\" is no length of time such as 30m, 12h or 90d.", text.value));
        }
        seconds
    }

    fn policy(&mut self, mut fields: Fields<'r, 'a>) -> Policy {
        let (mut policy, at) = (Policy::DEFAULT, fields.at.clone());
        self.places.insert((Thing::Policy, ""), self.reader.place(&at));
        let mut said = BTreeMap::new();
        for (name, wire, place) in [
            ("idle_timeout", "idleTimeoutSeconds", &mut policy.idle_timeout),
            ("absolute_lifetime", "absoluteLifetimeSeconds", &mut policy.absolute_lifetime),
            ("privileged_auth_age", "privilegedAuthAgeSeconds", &mut policy.privileged_auth_age),
        ] {
            let Some(text) = fields.text(name) else { continue };
            // What is too long for the type is out of bounds, too.
            let seconds = self.length(&text).map(|seconds| i32::try_from(seconds).unwrap_or(i32::MAX));
            *place = seconds.unwrap_or(*place);
            said.insert(wire, text.at);
        }
        if let Some(flag) = fields.flag("ends_provider_session") {
            policy.ends_provider_session = flag.value;
        }
        fields.done();
        if let Err(error) = policy.checked() {
            for field in error.fields() {
                self.wrong(said.get(field.field.as_str()).unwrap_or(&at), field.message.clone());
            }
        }
        policy
    }

    fn provider(
        &mut self,
        mut fields: Fields<'r, 'a>,
        domains: &BTreeSet<String>,
    ) -> Option<(Option<String>, Provider)> {
        let at = fields.at.clone();
        let said = fields.text("domain");
        let domain = said.as_ref().and_then(|text| self.domain(text));
        if let (Some(text), Some(domain)) = (&said, &domain)
            && *domain != self.slug
            && !domains.contains(domain)
        {
            let sentence = format!("{domain} is none of the domains of {}: declare it in `domains`.", self.slug);
            self.wrong(&text.at, sentence);
        }
        let thing = Thing::Provider(domain.clone());
        self.places.insert((thing.clone(), ""), self.reader.place(&at));
        let issuer = fields.needed("issuer");
        self.found(&thing, "issuer", issuer.as_ref());
        if let Some(text) = &issuer
            && let Err(error) = oidc::parse_issuer(text.value)
        {
            self.wrong(&text.at, error.to_string());
        }
        let client_id = fields.needed("client_id");
        if let Some(text) = client_id.as_ref().filter(|text| text.value.trim().is_empty()) {
            self.wrong(&text.at, "The client ID cannot be empty.");
        }
        let method = fields.text("client_auth");
        let variable = fields.text("client_secret_env");
        self.found(&thing, "client_secret_env", variable.as_ref());
        let proof = self.proof(&at, method.as_ref(), variable.as_ref());
        let mut flag = |name, unless_said| fields.flag(name).map_or(unless_said, |flag: At<bool>| flag.value);
        let (provisions, prompt_only) = (flag("provisions", true), flag("prompt_only", false));
        let requires_logout_typ = flag("requires_logout_typ", false);
        fields.done();
        if said.is_some() && domain.is_none() {
            return None;
        }
        let (issuer, client_id) = (issuer?.value.to_owned(), client_id?.value.to_owned());
        Some((domain, Provider { issuer, client_id, proof: proof?, provisions, prompt_only, requires_logout_typ }))
    }

    fn proof(&self, at: &Range<usize>, method: Option<&At<&str>>, variable: Option<&At<&str>>) -> Option<Proof> {
        let letters = |text: &str| text.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
        let is_name = |text: &str| letters(text) && text.starts_with(|c: char| !c.is_ascii_digit());
        match (method.map_or("client_secret", |method| method.value), variable) {
            ("client_secret", Some(text)) if is_name(text.value) => {
                return Some(Proof::Secret { variable: text.value.to_owned() });
            }
            ("client_secret", Some(text)) => {
                // Whatever it is, it may be the secret itself.
                self.wrong(&text.at, "`client_secret_env` is the name of a variable of the environment, never the secret.");
            }
            ("client_secret", None) => self.wrong(
                at,
                "Say in `client_secret_env` which variable of the environment has the secret, or set `client_auth = \"private_key_jwt\"`.",
            ),
            ("private_key_jwt", None) => return Some(Proof::PrivateKey),
            ("private_key_jwt", Some(text)) => {
                self.wrong(&text.at, "With private_key_jwt there is no secret: leave `client_secret_env` out.");
            }
            (other, _) => {
                let at = method.map_or(at, |method| &method.at);
                self.wrong(at, format!("There is no \"{other}\"; there are client_secret and private_key_jwt."));
            }
        }
        None
    }

    fn role(&mut self, mut fields: Fields<'r, 'a>) -> Option<(RoleName, Role)> {
        let at = fields.at.clone();
        let name = fields.needed("name");
        let (said, granted) = (fields.text("kind"), fields.text("grants"));
        let description = fields.text("description");
        fields.done();
        let kind = match said.as_ref().map(|text| text.value) {
            None | Some("role") => Kind::Role,
            Some("entitlement") => Kind::Entitlement,
            Some(other) => {
                let at = said.as_ref().map_or(&at, |text| &text.at);
                self.wrong(at, format!("There is no kind \"{other}\"; there are role and entitlement."));
                Kind::Entitlement
            }
        };
        let grants = granted.as_ref().and_then(|text| {
            let role = role_named(text.value);
            if role.is_none() {
                let all = ROLES.map(|(name, _)| name).join(", ");
                self.wrong(&text.at, format!("There is no role \"{}\" to grant; there are {all}.", text.value));
            }
            role
        });
        if kind == Kind::Role && granted.is_none() {
            self.wrong(&at, "Say what the role lets people do, with `grants`; or make it `kind = \"entitlement\"`.");
        }
        if let Some(text) = description.as_ref().filter(|text| text.value.chars().count() > 1000) {
            self.wrong(&text.at, "A description has at most 1000 characters.");
        }
        let name = name.map(|text| self.name("A role's", 255, &text))?;
        let folded = users::fold(&name);
        self.places.insert((Thing::Role(kind, folded.clone()), ""), self.reader.place(&at));
        let description = description.map(|text| text.value.to_owned()).unwrap_or_default();
        Some(((kind, folded), Role { name, description, grants }))
    }

    fn keys(&mut self, tables: Vec<Fields<'r, 'a>>) -> Vec<Key> {
        let mut keys = Vec::new();
        for mut fields in tables {
            let at = fields.at.clone();
            let (name, scopes) = (fields.needed("name"), fields.texts("scopes"));
            let (lifetime, file) = (fields.text("lifetime"), fields.needed("file"));
            fields.done();
            let name = name.map(|text| self.name("A key's", NAME_MAX, &text));
            let scopes = self.scopes(&at, scopes);
            let lifetime = lifetime.map(|text| {
                let seconds = self.length(&text);
                let bounds = LIFETIME_MIN.whole_seconds()..=LIFETIME_MAX.whole_seconds();
                if seconds.is_some_and(|seconds| !bounds.contains(&seconds)) {
                    self.wrong(&text.at, "A key lasts for a minute at least and for 730 days at most, or for good.");
                }
                seconds.unwrap_or_default()
            });
            if let Some(text) = file.as_ref().filter(|text| text.value.trim().is_empty()) {
                self.wrong(&text.at, "`file` cannot be empty: the key is written there when it is made.");
            }
            let place = file.as_ref().map(|text| self.reader.place(&text.at));
            if let (Some(name), Some(file)) = (name, file) {
                keys.push((Key { name, scopes, lifetime, file: file.value.to_owned() }, self.reader.place(&at), place));
            }
        }
        keys.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        let numbers = shape::numbered(keys.iter().map(|(key, ..)| key.name.as_str()));
        for ((_, whole, file), (name, n)) in keys.iter().zip(numbers) {
            self.places.insert((Thing::Key(name.clone(), n), ""), whole.clone());
            self.places.extend(file.clone().map(|place| ((Thing::Key(name, n), "file"), place)));
        }
        keys.into_iter().map(|(key, ..)| key).collect()
    }

    fn scopes(&self, at: &Range<usize>, said: Option<At<Vec<At<&str>>>>) -> Scopes {
        let texts = said.map(|said| said.value).unwrap_or_default();
        if texts.is_empty() {
            let all = Scope::ALL.map(Scope::as_str).join("\", \"");
            self.wrong(at, format!("Say what the key is good for in `scopes`: some of [\"{all}\"]."));
        }
        let mut scopes = Vec::new();
        for text in texts {
            match text.value.parse::<Scope>() {
                Ok(scope) if scopes.contains(&scope) => {
                    self.wrong(&text.at, format!("The scope \"{scope}\" is here twice."));
                }
                Ok(scope) => scopes.push(scope),
                Err(sentence) => self.wrong(&text.at, format!("{sentence}.")),
            }
        }
        Scopes::of(&scopes)
    }
}
