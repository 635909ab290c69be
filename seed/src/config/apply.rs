//! Doing what a plan says, one company after the other, each in one transaction: all of it or nothing.
//!
//! Locks are taken as everywhere: the keys that will end, then the org, its turn, people, and last, with the policy,
//! everybody's sign-ins.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use api::domain::api_keys::{self, NewKey};
use api::domain::revocation::{self, Door};
use api::domain::sso::{self, ClientAuthMethod, ConnectionSettings};
use api::domain::{Tx, orgs, roles};
use api::entity::entitlement::EntitlementKind;
use api::kernel::{ApiKeyId, Domain, Kind, Op};
use api::oidc;
use time::Duration;

use super::diff::{self, Act, Change};
use super::key_file::{self, Staged};
use super::known::{self, Known};
use super::plan::{self, CompanyPlan, Plan, Secrets};
use super::read::{Declared, role_rank};
use super::shape::{Key, Proof, Thing};
use super::write::quoted;
use crate::sso::registration;
use crate::world::{World, parse_domain};

/// Does it, and says so, company by company.
pub async fn apply(world: &World, declared: &[Declared], plan: &Plan, secrets: &Secrets) -> Result<()> {
    for (one, company) in declared.iter().zip(&plan.companies) {
        let is_left = one.company.keys.iter().any(|key| key_file::is_left(&file(one, key)));
        if !company.changes.is_empty() || is_left {
            let done = carry_out(world, one, company, secrets).await;
            let done = done.with_context(|| format!("{}: nothing was changed in this company.", company.slug))?;
            for staged in done.staged {
                staged.settle()?;
            }
            for line in done.told {
                println!("{}: {line}", company.slug);
            }
        }
    }
    Ok(())
}

/// What was done and committed, and the keys whose files are to get their names.
#[derive(Default)]
struct Done {
    told: Vec<String>,
    staged: Vec<Staged>,
}

async fn carry_out(world: &World, one: &Declared, planned: &CompanyPlan, secrets: &Secrets) -> Result<Done> {
    match attempt(world, one, planned, secrets).await {
        // Somebody has made the same company a moment ago.
        Err(error) if planned.id.is_none() && is_conflict(&error) => attempt(world, one, planned, secrets).await,
        done => done,
    }
}

fn is_conflict(error: &anyhow::Error) -> bool {
    error.downcast_ref::<api::kernel::Error>().is_some_and(|error| error.kind() == Kind::Conflict)
}

async fn attempt(world: &World, one: &Declared, planned: &CompanyPlan, secrets: &Secrets) -> Result<Done> {
    let wanted = &one.company;
    let there = orgs::find_by_slug(&world.db, &wanted.slug).await?;
    let op = world.op(there.unwrap_or_else(|| world.new_org()));
    let tx = world.begin(&op).await?;
    let known = if there.is_some() { hold(&tx, &op, one).await? } else { None };
    let secret = plan::changed_secrets(world, one, known.as_ref(), secrets)?;
    let changes = diff::diff(wanted, known.as_ref(), &secret);
    if changes.is_empty() && !planned.changes.is_empty() {
        let told = vec!["is so already: somebody was quicker.".to_owned()];
        return Ok(Done { told, ..Done::default() });
    }
    let same = changes.len() == planned.changes.len() && changes.iter().zip(&planned.changes).all(|(a, b)| a.is(b));
    if !same {
        bail!("It has changed since this was planned. Look at the plan again.");
    }
    let mut doing = Doing { world, tx, op, one, known, secrets, done: Done::default() };
    if let Err(error) = doing.all(&changes).await {
        doing.done.staged.into_iter().for_each(Staged::discard);
        return Err(error);
    }
    doing.tx.commit().await?;
    Ok(doing.done)
}

/// Has the keys that will end and then the org, and says what it is like then. A key that is left beside its file gets
/// there.
async fn hold(tx: &Tx, op: &Op, one: &Declared) -> Result<Option<Known>> {
    if let Some(known) = known::find(tx, op).await? {
        let mut ends: Vec<_> = ending(&known, one).collect();
        ends.sort_by_key(|id| id.uuid());
        for id in ends {
            api_keys::hold(tx, op.scope, id).await?;
        }
    }
    revocation::hold_org(tx, op).await?;
    for key in &one.company.keys {
        key_file::recover(tx, op, &file(one, key)).await?;
    }
    known::find(tx, op).await
}

fn ending(known: &Known, one: &Declared) -> impl Iterator<Item = ApiKeyId> {
    let (is, wanted) = (&known.company.keys, &one.company.keys);
    let ends = diff::pair(is, wanted).into_iter().filter_map(|(old, new)| {
        let old = old?;
        let stays = new.is_some_and(|new| is[old].is(&wanted[new]));
        (!stays).then_some(old)
    });
    ends.map(|old| known.keys[old].id)
}

fn file(one: &Declared, key: &Key) -> PathBuf {
    one.folder.join(&key.file)
}

/// One company's transaction.
struct Doing<'a> {
    world: &'a World,
    tx: Tx,
    op: Op,
    one: &'a Declared,
    known: Option<Known>,
    secrets: &'a Secrets,
    done: Done,
}

impl Doing<'_> {
    /// In an order in which nothing refers to what is not there, and no owner is unmade before another is made.
    async fn all(&mut self, changes: &[Change]) -> Result<()> {
        let mut ordered: Vec<_> = changes.iter().collect();
        ordered.sort_by_key(|change| self.turn(change));
        self.end_keys().await?;
        let mut providers = ordered.iter().filter(|change| sets_provider(change)).count();
        let mut set = Vec::new();
        for change in ordered {
            let more = self.one_change(change).await?;
            // What is made of keys is told when they are.
            if !matches!(change.thing, Thing::Key(..)) || change.act == Act::Remove {
                self.tell(change, &more);
            }
            if let (true, Thing::Provider(domain)) = (sets_provider(change), &change.thing) {
                set.push(domain.clone());
                providers -= 1;
                if providers == 0 {
                    self.sign_out(&set).await?;
                }
            }
        }
        self.make_keys().await
    }

    fn turn(&self, change: &Change) -> (u8, usize) {
        let rank = |role| self.one.company.roles.get(role).map_or(0, |role| role_rank(role.grants));
        match (&change.thing, change.act) {
            (Thing::Company, _) => (0, 0),
            (Thing::Provider(_), Act::Remove) => (1, 0),
            (Thing::Domain(_), Act::Remove) => (2, 0),
            (Thing::Domain(_), _) => (3, 0),
            (Thing::Provider(_), _) => (4, 0),
            (Thing::Role(..), Act::Remove) => (6, 0),
            (Thing::Role(kind, name), _) => (5, rank(&(*kind, name.clone()))),
            (Thing::Policy, _) => (7, 0),
            (Thing::Key(..), _) => (8, 0),
        }
    }

    fn tell(&mut self, change: &Change, more: &str) {
        let done = match change.act {
            Act::Add => "added",
            Act::Change => "changed",
            Act::Replace => "replaced",
            Act::Remove => "removed",
        };
        self.done.told.push(format!("{done} {}{more}", change.title()));
    }

    /// Carries out one change, and gives what else there is to say of it.
    async fn one_change(&mut self, change: &Change) -> Result<String> {
        let (tx, op, wanted) = (&self.tx, &self.op, &self.one.company);
        match (&change.thing, change.act) {
            (Thing::Company, Act::Add) => {
                orgs::add_company(tx, op, &wanted.name, &parse_domain(&wanted.slug)?).await?;
            }
            (Thing::Company, _) => orgs::rename(tx, op, &wanted.name).await?,
            (Thing::Domain(domain), Act::Remove) => {
                let people = revocation::remove_domain(tx, op, &parse_domain(domain)?, Door::Operator).await?;
                return Ok(counted(people, ", and signed out", "people"));
            }
            (Thing::Domain(domain), _) => orgs::add_domain(tx, op, &parse_domain(domain)?).await?,
            (Thing::Policy, _) => {
                let ended = revocation::change_policy(tx, op, wanted.policy, Door::Operator).await?;
                return Ok(counted(ended.sign_ins, ", which ended", "sessions"));
            }
            (Thing::Provider(domain), Act::Remove) => {
                sso::remove_connection(tx, op, optional(domain.as_deref())?.as_ref()).await?;
            }
            (Thing::Provider(domain), act) => return self.set_provider(domain.as_deref(), act).await,
            (Thing::Role(kind, folded), act) => {
                let key = (*kind, folded.clone());
                let id = self.known.as_ref().and_then(|known| known.role_ids.get(&key)).copied();
                let role = wanted.roles.get(&key);
                match (act, id, role) {
                    (Act::Remove, Some(id), _) => roles::undefine(tx, op, id).await?,
                    (_, Some(id), Some(role)) => {
                        roles::redefine(tx, op, id, &role.name, &role.description, role.grants).await?;
                    }
                    (_, None, Some(role)) => {
                        let kind = EntitlementKind::from(*kind);
                        roles::define(tx, op, kind, &role.name, &role.description, role.grants).await?;
                    }
                    _ => {}
                }
            }
            (Thing::Key(..), _) => {}
        }
        Ok(String::new())
    }

    async fn set_provider(&self, domain: Option<&str>, act: Act) -> Result<String> {
        let key = domain.map(str::to_owned);
        let provider = self.one.company.providers.get(&key).context("The provider is not declared.")?;
        let kept = self.known.as_ref().and_then(|known| known.connections.get(&key));
        let sealer = self.world.sealer()?;
        let (client_auth, credential, public) = match &provider.proof {
            Proof::Secret { variable } => {
                let secret = self.secrets.get(variable).context("The secret is not there.")?;
                (ClientAuthMethod::ClientSecret, secret.clone(), None)
            }
            Proof::PrivateKey => {
                let kept = kept.filter(|kept| kept.client_auth == ClientAuthMethod::PrivateKeyJwt);
                let key = match kept {
                    Some(kept) => sso::credential(kept, &sealer)?,
                    None => oidc::new_private_key(self.world.chance())?,
                };
                let public = if kept.is_none() { Some(oidc::public_jwk(&key)?) } else { None };
                (ClientAuthMethod::PrivateKeyJwt, key, public)
            }
        };
        let settings = ConnectionSettings {
            domain: optional(domain)?,
            issuer: provider.issuer.clone(),
            client_id: provider.client_id.clone(),
            client_auth,
            credential,
            provisions: provider.provisions,
            prompt_only: provider.prompt_only,
            requires_logout_typ: provider.requires_logout_typ,
        };
        // Whom it gives is asked for once, when all are set.
        sso::set_connection(&self.tx, &self.op, &sealer, settings).await?;
        let mut more = Vec::new();
        if act == Act::Add {
            more.push(". To be registered there:".to_owned());
            more.extend(registration(self.world, &self.one.company.slug)?);
        }
        if let Some(public) = public {
            more.push("The public key to register there, for private_key_jwt:".to_owned());
            more.push(serde_json::to_string_pretty(&public)?);
        }
        Ok(more.join("\n"))
    }

    /// Whoever is signed in by what does not sign them in any more.
    async fn sign_out(&mut self, domains: &[Option<String>]) -> Result<()> {
        let people: BTreeSet<_> = plan::list_signed_out(&self.tx, &self.op, self.one, domains).await?;
        for user in &people {
            sso::sign_out_replaced(&self.tx, &self.op, *user).await?;
        }
        if !people.is_empty() {
            self.done.told.push(format!("signed out {} people, who were signed in by something else", people.len()));
        }
        Ok(())
    }

    async fn end_keys(&mut self) -> Result<()> {
        for id in self.known.iter().flat_map(|known| ending(known, self.one)) {
            api_keys::revoke(&self.tx, &self.op, id).await?;
        }
        Ok(())
    }

    async fn make_keys(&mut self) -> Result<()> {
        let wanted = &self.one.company.keys;
        let is = self.known.as_ref().map(|known| known.company.keys.as_slice()).unwrap_or_default();
        for (old, new) in diff::pair(is, wanted) {
            let Some(key) = new.map(|new| &wanted[new]) else { continue };
            if old.is_some_and(|old| is[old].is(key)) {
                continue;
            }
            let new = NewKey {
                name: key.name.clone(),
                scopes: key.scopes.list(),
                lifetime: key.lifetime.map(Duration::seconds),
            };
            let minted = api_keys::mint(&self.tx, &self.op, new).await?;
            let path = file(self.one, key);
            self.done.staged.push(key_file::stage(&path, &minted.text)?);
            let done = if old.is_some() { "replaced" } else { "added" };
            self.done.told.push(format!("{done} key {}, and wrote it to {}", quoted(&key.name), path.display()));
        }
        Ok(())
    }
}

/// How many, unless none.
fn counted(many: usize, done: &str, unit: &str) -> String {
    if many == 0 { String::new() } else { format!("{done} {many} {unit}") }
}

fn sets_provider(change: &Change) -> bool {
    matches!(change.thing, Thing::Provider(_)) && change.act != Act::Remove
}

fn optional(domain: Option<&str>) -> Result<Option<Domain>> {
    domain.map(parse_domain).transpose()
}
