//! Where a drill takes place: a domain of the company's with a provider of its own, a company of its own, and people who
//! exist for one door. All of it is called by the run's mark, so that it can be found and taken away.

use std::fmt;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use api::domain::api_keys::{self, NewKey, Scope};
use api::domain::sso::{self, ClientAuthMethod, ConnectionSettings};
use api::domain::{Tx, lifecycle, orgs, roles, users};
use api::entity::org::OrgKind;
use api::kernel::{ApiKeyId, Domain, Email, Op, OrgId, Role, UserId};
use secrecy::SecretString;
use time::Duration;
use url::Url;

use super::provider::{Account, Provider, hex};
use crate::people;
use crate::world::{World, parse_domain, parse_email};

/// What everything of one run is called. `.invalid` is nobody's, for good (RFC 2606 §2).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mark(String);

impl Mark {
    /// A new one.
    pub fn new(world: &World) -> Self {
        Self(format!("drill-{}.invalid", hex(world.chance().bytes::<8>())))
    }

    /// The run that a domain, an org or a key is of.
    pub fn of(name: &str) -> Option<Self> {
        let number =
            |text: &str| text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
        let from = name.rfind("drill-").filter(|at| *at == 0 || name[..*at].ends_with('.'))?;
        let mark = &name[from..];
        mark.strip_prefix("drill-")?.strip_suffix(".invalid").filter(|text| number(text))?;
        Some(Self(mark.to_owned()))
    }

    /// A domain of the run's.
    ///
    /// # Errors
    /// None.
    pub fn domain(&self, part: &str) -> Result<Domain> {
        parse_domain(&if part.is_empty() { self.0.clone() } else { format!("{part}.{}", self.0) })
    }

    /// Without the dots, for an address.
    pub fn path(&self) -> &str {
        self.0.trim_end_matches(".invalid")
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A company, as the drill uses it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The company.
    pub org: OrgId,
    /// Its slug.
    pub slug: String,
    /// The domain whose people the drill's provider signs in.
    pub domain: Domain,
    /// The API's name at the provider.
    pub client_id: String,
    /// A key that may demand sign-outs and speak for the directory.
    pub key: SecretString,
}

/// Somebody who exists for one door.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// Where.
    pub org: OrgId,
    /// Their address.
    pub email: Email,
}

/// Everything that the doors are fired with.
pub struct Stage {
    /// The database.
    pub world: Arc<World>,
    /// Whose all this is.
    pub mark: Mark,
    /// The provider.
    pub provider: Provider,
    /// The company.
    pub company: Place,
    /// The company of the drill's own.
    pub own: Place,
    /// Where the API's processes are; the first is where the doors are.
    pub addresses: Vec<Url>,
}

/// So long the drill's keys and the proof of its administrators last, whatever becomes of the drill.
const KEY_LIVES: Duration = Duration::hours(1);

impl Stage {
    /// Makes what the whole run needs.
    ///
    /// # Errors
    /// When the company is not there, or the database is away.
    pub async fn set(
        world: Arc<World>,
        mark: Mark,
        provider: Provider,
        company: (OrgId, String),
        addresses: Vec<Url>,
    ) -> Result<Self> {
        let (org, slug) = company;
        let client_id = mark.path().to_owned();
        let place = Place { org, slug, domain: mark.domain("")?, client_id, key: SecretString::default() };
        let op = world.op(org);
        let tx = world.begin(&op).await?;
        orgs::add_domain(&tx, &op, &place.domain).await?;
        let company = furnish(&world, &tx, &op, &mark, &provider, place).await?;
        tx.commit().await?;

        let op = world.op(world.new_org());
        let domain = mark.domain("own")?;
        let (slug, client_id) = (domain.to_string(), format!("{}-own", mark.path()));
        let place = Place { org: op.scope.org(), slug, domain, client_id, key: SecretString::default() };
        let tx = world.begin(&op).await?;
        orgs::add_company(&tx, &op, &mark.to_string(), &place.domain).await?;
        roles::define_usual(&tx, &op).await?;
        let own = furnish(&world, &tx, &op, &mark, &provider, place).await?;
        tx.commit().await?;
        Ok(Self { world, mark, provider, company, own, addresses })
    }

    /// Makes a key as the company's own are, and says which it is.
    ///
    /// # Errors
    /// The database's.
    pub async fn mint(&self, place: &Place) -> Result<(ApiKeyId, SecretString)> {
        let op = self.world.op(place.org);
        let tx = self.world.begin(&op).await?;
        let minted = mint(&tx, &op, &self.mark).await?;
        tx.commit().await?;
        Ok((minted.key.id, minted.text))
    }

    /// Makes somebody whom the drill's provider signs in.
    ///
    /// # Errors
    /// The database's.
    pub async fn person(&self, place: &Place, role: Option<Role>) -> Result<Person> {
        let email = self.address(place.domain.as_str())?;
        let identity = Some((self.provider.issuer().to_owned(), email.folded().to_owned()));
        self.make(Some(place.org), email, None, role, identity).await
    }

    /// Makes somebody with a password, in the drill's own company or, without one, by themselves.
    ///
    /// # Errors
    /// The database's.
    pub async fn person_with(
        &self,
        password: &SecretString,
        domain: &Domain,
        company: Option<OrgId>,
    ) -> Result<Person> {
        self.make(company, self.address(domain.as_str())?, Some(password.clone()), None, None).await
    }

    async fn make(
        &self,
        company: Option<OrgId>,
        email: Email,
        password: Option<SecretString>,
        role: Option<Role>,
        identity: Option<(String, String)>,
    ) -> Result<Person> {
        let name = self.mark.to_string();
        people::make(&self.world, company, email.clone(), &name, password, role, identity).await?;
        let org = match company {
            Some(org) => org,
            None => users::find_candidate(&self.world.db, &email).await?.context("Somebody new is gone.")?.org,
        };
        let op = self.world.op(org);
        let tx = self.world.begin(&op).await?;
        let user = users::find_by_email(&tx, op.scope, &email).await?.context("Somebody new is gone.")?;
        Ok(Person { id: user.id, org, email })
    }

    fn address(&self, domain: &str) -> Result<Email> {
        parse_email(&format!("{}@{domain}", hex(self.world.chance().bytes::<6>())))
    }

    /// A new session of a person's at the provider, who proved there who they are `seconds` ago.
    pub fn account(&self, person: &Person, seconds: i64) -> Account {
        Account {
            sub: person.email.folded().to_owned(),
            email: person.email.as_written().to_owned(),
            sid: hex(self.world.chance().bytes::<8>()),
            auth_time: self.provider.now() - seconds,
        }
    }

    /// Gives one of the companies a domain more, without a provider.
    ///
    /// # Errors
    /// The database's.
    pub async fn add_domain(&self, place: &Place, domain: &Domain) -> Result<()> {
        let op = self.world.op(place.org);
        let tx = self.world.begin(&op).await?;
        orgs::add_domain(&tx, &op, domain).await?;
        Ok(tx.commit().await?)
    }

    /// Erases a person of the company's, who has played their part.
    ///
    /// # Errors
    /// The database's.
    pub async fn dismiss(&self, person: &Person) -> Result<()> {
        let op = self.world.op(person.org);
        let tx = self.world.begin(&op).await?;
        lifecycle::erase(&tx, &op, person.id).await?;
        Ok(tx.commit().await?)
    }
}

async fn furnish(world: &World, tx: &Tx, op: &Op, mark: &Mark, provider: &Provider, place: Place) -> Result<Place> {
    // Whoever else is signed in by what signs them in no more is the company's business.
    let _others =
        sso::set_connection(tx, op, &world.sealer()?, connection(provider, &place.client_id, &place.domain)).await?;
    Ok(Place { key: mint(tx, op, mark).await?.text, ..place })
}

/// The drill's provider, for people of `domain`. It makes nobody: only whom the drill has made comes in by it.
pub fn connection(provider: &Provider, client_id: &str, domain: &Domain) -> ConnectionSettings {
    ConnectionSettings {
        domain: Some(domain.clone()),
        issuer: provider.issuer().to_owned(),
        client_id: client_id.to_owned(),
        client_auth: ClientAuthMethod::ClientSecret,
        credential: provider.client_secret().into(),
        provisions: false,
        prompt_only: false,
        requires_logout_typ: false,
    }
}

async fn mint(tx: &Tx, op: &Op, mark: &Mark) -> Result<api_keys::MintedKey> {
    let scopes = vec![Scope::Revoke, Scope::Scim];
    Ok(api_keys::mint(tx, op, NewKey { name: mark.to_string(), scopes, lifetime: Some(KEY_LIVES) }).await?)
}

/// Takes away what the run `mark` has left anywhere. What it wrote in the company's audit log stays: it has happened.
///
/// # Errors
/// The database's. What was taken away until then is gone.
pub async fn clear(world: &World, mark: &Mark) -> Result<()> {
    for org in orgs::list_all(&world.db).await? {
        let op = world.op(org.id);
        let tx = world.begin(&op).await?;
        let is_own = org.slug.as_deref().is_some_and(|slug| Mark::of(slug).as_ref() == Some(mark));
        if is_own || (org.kind == OrgKind::Personal && org.name == mark.to_string()) {
            lifecycle::erase_org(&tx, &op).await?;
        } else if org.kind == OrgKind::Company {
            clear_company(&tx, &op, mark).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

async fn clear_company(tx: &Tx, op: &Op, mark: &Mark) -> Result<()> {
    // Keys are held before any row is.
    api_keys::erase_named(tx, op, &mark.to_string()).await?;
    for domain in orgs::list_domains(tx, op.scope).await? {
        if Mark::of(&domain.domain).as_ref() != Some(mark) {
            continue;
        }
        let domain = parse_domain(&domain.domain)?;
        for id in users::list_ids_at(tx, op.scope, &domain).await? {
            lifecycle::erase(tx, op, id).await?;
        }
        if sso::list_connections(tx, op.scope).await?.iter().any(|c| c.domain.as_deref() == Some(domain.as_str())) {
            sso::remove_connection(tx, op, Some(&domain)).await?;
        }
        orgs::remove_domain(tx, op, &domain).await?;
    }
    Ok(())
}

/// The runs of which something is left, and where the provider of each says that it is.
///
/// # Errors
/// The database's.
pub async fn find(world: &World) -> Result<Vec<(Mark, Option<String>)>> {
    let mut found: Vec<(Mark, Option<String>)> = Vec::new();
    for org in orgs::list_all(&world.db).await? {
        if org.kind == OrgKind::Personal {
            found.extend(Mark::of(&org.name).filter(|mark| mark.to_string() == org.name).map(|mark| (mark, None)));
            continue;
        }
        let op = world.op(org.id);
        let tx = world.begin(&op).await?;
        let connections = sso::list_connections(&tx, op.scope).await?;
        for domain in orgs::list_domains(&tx, op.scope).await? {
            let issuer = connections.iter().find(|c| c.domain.as_deref() == Some(domain.domain.as_str()));
            found.extend(Mark::of(&domain.domain).map(|mark| (mark, issuer.map(|c| c.issuer.clone()))));
        }
    }
    // Those with a provider first, of which one is enough.
    found.sort_by(|(one, at), (two, there)| one.cmp(two).then(there.is_some().cmp(&at.is_some())));
    found.dedup_by(|(one, _), (two, _)| one == two);
    Ok(found)
}

/// The company that is meant.
///
/// # Errors
/// When there is none, or it is another drill's.
pub async fn company(world: &World, domain: &str) -> Result<(OrgId, String)> {
    let op = world.op(world.company(domain).await?);
    let tx = world.begin(&op).await?;
    let slug = orgs::slug(&tx, op.scope).await?.context("That org is no company.")?;
    if Mark::of(&slug).is_some() {
        bail!("{slug} is a company of a drill's own.");
    }
    Ok((op.scope.org(), slug))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_drill_s_is_taken_for_one() {
        let mark = Mark("drill-0123456789abcdef.invalid".to_owned());
        for own in ["drill-0123456789abcdef.invalid", "own.drill-0123456789abcdef.invalid"] {
            assert_eq!(Mark::of(own).as_ref(), Some(&mark), "{own}");
        }
        for other in [
            "drill-0123456789abcdef.example",
            "drill-0123456789abcde.invalid",
            "drill-0123456789abcdeg.invalid",
            "drill-0123456789ABCDEF.invalid",
            "fire-drill-0123456789abcdef.invalid",
            "drill-0123456789abcdef.invalid.example",
            "drill.invalid",
            "",
        ] {
            assert_eq!(Mark::of(other), None, "{other}");
        }
    }
}
