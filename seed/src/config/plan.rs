//! A plan: what every company that the files name would need, what would come of it, and what stands against it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use api::domain::revocation;
use api::domain::roles;
use api::domain::sessions::{self, PageOf};
use api::domain::{Tx, orgs, sso, users};
use api::kernel::{Domain, Op, OrgId};
use api::oidc;
use futures_util::StreamExt;
use secrecy::{ExposeSecret, SecretString};

use super::diff::{self, Act, Change, Effect};
use super::fields::Problem;
use super::key_file;
use super::known::{self, Known};
use super::read::Declared;
use super::shape::{Proof, Thing};
use crate::show::moment;
use crate::world::World;

/// So many providers are asked at once whether they are there.
const ASKED_AT_ONCE: usize = 16;

/// What is to be done in one company.
#[derive(Debug)]
pub struct CompanyPlan {
    /// Its slug.
    pub slug: String,
    /// The org, unless it is to be made.
    pub id: Option<OrgId>,
    /// What is to be done. Nothing, where the company is as it should be.
    pub changes: Vec<Change>,
}

/// What is to be done.
#[derive(Debug)]
pub struct Plan {
    /// The companies that the files name, by their slugs.
    pub companies: Vec<CompanyPlan>,
    /// Those that they do not.
    pub unnamed: Vec<String>,
}

impl Plan {
    /// Everything that is to be done.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.companies.iter().flat_map(|company| &company.changes)
    }
}

/// Client secrets, by the variables that have them.
pub type Secrets = BTreeMap<String, SecretString>;

/// The secrets that are declared; and those that the environment does not have.
pub fn secrets(declared: &[Declared]) -> (Secrets, Vec<Problem>) {
    let (mut secrets, mut problems) = (Secrets::new(), Vec::new());
    for one in declared {
        for (domain, provider) in &one.company.providers {
            let Proof::Secret { variable } = &provider.proof else { continue };
            match std::env::var(variable).ok().filter(|text| !text.is_empty()) {
                Some(text) => drop(secrets.insert(variable.clone(), text.into())),
                None => problems.push(one.problem(
                    &Thing::Provider(domain.clone()),
                    "client_secret_env",
                    format!("The environment has no {variable}: set it to the client secret."),
                )),
            }
        }
    }
    (secrets, problems)
}

/// Compares what is declared with the database. The problems are all that can be known beforehand. What would come of it
/// is only asked where the files are `sound`.
pub async fn plan(
    world: &World,
    declared: &[Declared],
    secrets: &Secrets,
    sound: bool,
) -> Result<(Plan, Vec<Problem>)> {
    let there = known::companies(world).await?;
    let ids: Vec<_> = declared.iter().filter_map(|one| there.get(&one.company.slug).copied()).collect();
    let known = known::read(world, &ids).await?;
    let mut known: BTreeMap<_, _> = known.into_iter().map(|known| (known.company.slug.clone(), known)).collect();
    let (mut companies, mut problems) = (Vec::new(), Vec::new());
    for one in declared {
        let slug = one.company.slug.clone();
        let known = known.remove(&slug);
        let secret = changed_secrets(world, one, known.as_ref(), secrets)?;
        let mut changes = diff::diff(&one.company, known.as_ref(), &secret);
        problems.extend(taken_domains(world, one, known.as_ref(), &changes).await?);
        problems.extend(files_in_the_way(one, &changes));
        if let (Some(known), true) = (&known, sound && !changes.is_empty()) {
            let op = world.op(known.id);
            let tx = world.begin(&op).await?;
            problems.extend(effects(&tx, &op, one, known, &mut changes).await?);
        }
        companies.push(CompanyPlan { slug, id: known.map(|known| known.id), changes });
    }
    let named: BTreeSet<_> = declared.iter().map(|one| &one.company.slug).collect();
    let unnamed = there.into_keys().filter(|slug| !named.contains(slug)).collect();
    Ok((Plan { companies, unnamed }, problems))
}

/// The providers whose secret is another than the one that is kept.
pub fn changed_secrets(
    world: &World,
    one: &Declared,
    known: Option<&Known>,
    secrets: &Secrets,
) -> Result<BTreeSet<Option<String>>> {
    let mut changed = BTreeSet::new();
    for (domain, provider) in &one.company.providers {
        let Some(kept) = known.and_then(|known| known.connections.get(domain)) else { continue };
        let Proof::Secret { variable } = &provider.proof else { continue };
        if kept.client_auth != sso::ClientAuthMethod::ClientSecret {
            continue;
        }
        let kept = sso::credential(kept, &world.sealer()?)?;
        if secrets.get(variable).is_some_and(|secret| secret.expose_secret() != kept.expose_secret()) {
            changed.insert(domain.clone());
        }
    }
    Ok(changed)
}

/// A domain is one company's, until that one has given it up.
async fn taken_domains(
    world: &World,
    one: &Declared,
    known: Option<&Known>,
    changes: &[Change],
) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for change in changes.iter().filter(|change| change.act == Act::Add) {
        let text = match &change.thing {
            Thing::Company => &one.company.slug,
            Thing::Domain(domain) => domain,
            _ => continue,
        };
        let Some(domain) = Domain::parse(text) else { continue };
        let owner = orgs::find_by_domain(&world.db, &domain).await?;
        if let Some(owner) = owner.filter(|owner| known.is_none_or(|known| known.id != *owner)) {
            let op = world.op(owner);
            let slug = orgs::slug(&world.begin(&op).await?, op.scope).await?.unwrap_or_default();
            let sentence = format!("{domain} is a domain of {slug}: take it from there first, and apply that.");
            problems.push(one.problem(&change.thing, "slug", sentence));
        }
    }
    Ok(problems)
}

fn files_in_the_way(one: &Declared, changes: &[Change]) -> Vec<Problem> {
    let made = |change: &&Change| matches!(change.act, Act::Add | Act::Replace);
    let numbered = super::shape::numbered(one.company.keys.iter().map(|key| key.name.as_str()));
    let mut problems = Vec::new();
    for change in changes.iter().filter(made) {
        let Thing::Key(name, n) = &change.thing else { continue };
        let at = numbered.iter().position(|number| (&number.0, &number.1) == (name, n));
        let Some(key) = at.map(|at| &one.company.keys[at]) else { continue };
        if let Some(sentence) = key_file::in_the_way(&one.folder.join(&key.file)) {
            problems.push(one.problem(&change.thing, "file", sentence));
        }
    }
    problems
}

/// What comes of the changes to a company that is there.
async fn effects(tx: &Tx, op: &Op, one: &Declared, known: &Known, changes: &mut [Change]) -> Result<Vec<Problem>> {
    let (wanted, scope) = (&one.company, op.scope);
    let mut grants = Vec::new();
    let mut signs_in = Vec::new();
    for change in changes.iter_mut() {
        let effect = match (&change.thing, change.act) {
            (Thing::Policy, _) => {
                let part = PageOf { before: None, limit: 1 };
                let ended = revocation::preview_policy(tx, op, wanted.policy, part).await?.total;
                (ended > 0).then(|| Effect { sentence: "ends at once".to_owned(), of: Some(("sessions", ended)) })
            }
            (Thing::Domain(domain), Act::Remove) => {
                let people = match Domain::parse(domain) {
                    Some(domain) => users::list_of_domain(tx, scope, &domain).await?.len(),
                    None => 0,
                };
                let sentence = "signs out, because it lets them in no more".to_owned();
                (people > 0).then(|| Effect { sentence, of: Some(("people", count(people))) })
            }
            (Thing::Provider(_), Act::Remove) => {
                let sentence = "passwords count again, where people have one".to_owned();
                Some(Effect { sentence, of: None })
            }
            (Thing::Provider(domain), _) => {
                signs_in.push(domain.clone());
                None
            }
            (Thing::Role(kind, folded), act) if act != Act::Add => {
                let role = (*kind, folded.clone());
                let granted = wanted.roles.get(&role).and_then(|role| role.grants);
                grants.extend(known.role_ids.get(&role).map(|id| (*id, granted)));
                None
            }
            (Thing::Key(name, _), act) => of_key(known, name, act),
            _ => None,
        };
        change.effects.extend(effect);
    }
    signed_out(tx, op, one, &signs_in, changes).await?;
    if grants.is_empty() {
        return Ok(Vec::new());
    }
    let roles::Preview { changed, loses_owner } = roles::preview(tx, scope, &grants).await?;
    let of_role = |change: &&mut Change| matches!(change.thing, Thing::Role(..)) && change.act != Act::Add;
    let first = changes.iter_mut().find(of_role).filter(|_| changed > 0);
    let mut problems = Vec::new();
    if let Some(change) = first {
        let sentence = "may do something else from then on".to_owned();
        change.effects.push(Effect { sentence, of: Some(("people", changed)) });
        if loses_owner {
            let sentence =
                "This would leave the company without an owner. Make somebody an owner by a role that stays first.";
            problems.push(one.problem(&change.thing, "", sentence));
        }
    }
    Ok(problems)
}

/// Those whom the providers do not sign in who are signed in. It is said once, however many providers change.
async fn signed_out(
    tx: &Tx,
    op: &Op,
    one: &Declared,
    domains: &[Option<String>],
    changes: &mut [Change],
) -> Result<()> {
    let people = list_signed_out(tx, op, one, domains).await?.len();
    let set = |change: &&mut Change| matches!(change.thing, Thing::Provider(_)) && change.act != Act::Remove;
    if let Some(change) = changes.iter_mut().find(set).filter(|_| people > 0) {
        let sentence = "signs out who is signed in by something else".to_owned();
        change.effects.push(Effect { sentence, of: Some(("people", count(people))) });
    }
    Ok(())
}

/// Whoever is signed in by what does not sign them in any more once the providers for `domains` are as they should be.
pub async fn list_signed_out(
    tx: &Tx,
    op: &Op,
    one: &Declared,
    domains: &[Option<String>],
) -> Result<BTreeSet<api::kernel::UserId>> {
    let issuers: Vec<_> = one.company.providers.values().map(|provider| provider.issuer.clone()).collect();
    let mut people = BTreeSet::new();
    for domain in domains {
        people.extend(sessions::list_signed_in_otherwise(tx, op.scope, &issuers, domain.as_deref()).await?);
    }
    Ok(people)
}

fn of_key(known: &Known, name: &str, act: Act) -> Option<Effect> {
    let sentence = match act {
        Act::Remove | Act::Replace => {
            let kept = known.keys.iter().filter(|key| key.name == name).filter_map(|key| key.last_used_at).max();
            let used = kept.map_or_else(|| "never used".to_owned(), |at| format!("last used {}", moment(at)));
            let ends = if act == Act::Replace { "the old key ends" } else { "it ends" };
            format!("{ends} at once; {used}")
        }
        _ => {
            let last = known.over.iter().find(|key| key.name == name)?;
            match (last.revoked_at, last.expires_at) {
                (Some(at), _) => format!("the last one was revoked {}", moment(at)),
                (None, Some(at)) => format!("the last one ended {}", moment(at)),
                (None, None) => return None,
            }
        }
    };
    Some(Effect { sentence, of: None })
}

fn count(many: usize) -> i64 {
    i64::try_from(many).unwrap_or(i64::MAX)
}

/// Asks the providers that are to be set whether they are there and call themselves so.
pub async fn check_issuers(world: &World, declared: &[Declared], plan: &Plan) -> Result<Vec<Problem>> {
    let mut issuers: BTreeMap<&str, (&Declared, Thing)> = BTreeMap::new();
    for (one, company) in declared.iter().zip(&plan.companies) {
        for change in &company.changes {
            let Thing::Provider(domain) = &change.thing else { continue };
            let set = change.act != Act::Remove && change.fields.iter().any(|field| field.name == "issuer");
            if let Some(provider) = one.company.providers.get(domain).filter(|_| set) {
                issuers.entry(&provider.issuer).or_insert((one, change.thing.clone()));
            }
        }
    }
    if issuers.is_empty() {
        return Ok(Vec::new());
    }
    let providers = world.providers()?;
    let ask = |(text, (one, thing)): (&str, (&Declared, Thing))| {
        let (providers, text) = (providers.clone(), text.to_owned());
        let place = one.place(&thing, "issuer");
        async move {
            let error = match oidc::parse_issuer(&text) {
                Ok(issuer) => providers.check(&issuer).await.err()?,
                Err(error) => error,
            };
            Some(Problem { place, sentence: not_there(&error) })
        }
    };
    let asked: Vec<_> = issuers.into_iter().map(ask).collect();
    Ok(futures_util::stream::iter(asked).buffer_unordered(ASKED_AT_ONCE).filter_map(std::future::ready).collect().await)
}

fn not_there(error: &api::kernel::Error) -> String {
    let mut why: &dyn std::error::Error = error;
    while let Some(source) = why.source() {
        why = source;
    }
    format!(
        "The issuer did not pass the check ({why}): it must serve /.well-known/openid-configuration and call itself exactly so."
    )
}
