//! Companies' OpenID providers.

use anyhow::{Context, Result, bail};
use api::domain::orgs;
use api::domain::sso::{self, ClientAuthMethod, ConnectionSettings};
use api::oidc;
use clap::Args;
use secrecy::SecretString;

use crate::world::{World, parse_domain};

/// `seed org set-oidc`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Args)]
pub struct SetOidc {
    /// The company's domain.
    pub org: String,
    /// The provider, as its own discovery document spells it. Every other address is discovered.
    #[arg(long)]
    pub issuer: String,
    /// The name that the provider gave us.
    #[arg(long)]
    pub client_id: String,
    /// The secret that it gave us; better in the environment, as `OIDC_CLIENT_SECRET`, than in a shell's history.
    #[arg(long, env = "OIDC_CLIENT_SECRET", hide_env_values = true)]
    pub client_secret: Option<SecretString>,
    /// Instead of a secret: make a key of our own and print its public half, for the provider (`private_key_jwt`).
    #[arg(long, conflicts_with = "client_secret")]
    pub private_key_jwt: bool,
    /// Only for the people of this one of the company's domains.
    #[arg(long)]
    pub domain: Option<String>,
    /// Let nobody in who has not been made here before.
    #[arg(long)]
    pub no_provisioning: bool,
    /// The provider never says when somebody proved who they are (`auth_time`), so after a forced sign-out it must do
    /// that we asked it to prompt.
    #[arg(long)]
    pub prompt_only: bool,
    /// Refuse logout tokens that do not say by their typ that they are some (`logout+jwt`).
    #[arg(long)]
    pub require_logout_typ: bool,
    /// Do not ask the provider whether it is there.
    #[arg(long)]
    pub no_check: bool,
}

/// `seed org set-oidc`: holds at once.
pub async fn set(world: &World, set: SetOidc) -> Result<()> {
    let org = world.company(&set.org).await?;
    let domain = set.domain.as_deref().map(parse_domain).transpose()?;
    let issuer = oidc::parse_issuer(&set.issuer)?;
    if set.client_id.trim().is_empty() {
        bail!("The client ID cannot be empty.");
    }
    if !set.no_check {
        world.providers()?.check(&issuer).await.context(
            "The issuer did not pass the check: it must serve /.well-known/openid-configuration and call itself exactly so.",
        )?;
    }
    let (client_auth, credential) = match set.client_secret {
        Some(secret) => (ClientAuthMethod::ClientSecret, secret),
        None if set.private_key_jwt => (ClientAuthMethod::PrivateKeyJwt, oidc::new_private_key(world.chance())?),
        None => bail!("Give --client-secret, or --private-key-jwt to sign with a key of our own."),
    };
    let public = set.private_key_jwt.then(|| oidc::public_jwk(&credential)).transpose()?;
    let settings = ConnectionSettings {
        domain,
        issuer: set.issuer,
        client_id: set.client_id,
        client_auth,
        credential,
        provisions: !set.no_provisioning,
        prompt_only: set.prompt_only,
        requires_logout_typ: set.require_logout_typ,
    };
    let op = world.op(org);
    let tx = world.begin(&op).await?;
    let slug = orgs::slug(&tx, op.scope).await?.context("That org is no company.")?;
    let issuer = settings.issuer.clone();
    let replaced = sso::set_connection(&tx, &op, &world.sealer()?, settings).await?;
    tx.commit().await?;
    for user in &replaced {
        let op = world.op(org);
        let tx = world.begin(&op).await?;
        sso::sign_out_replaced(&tx, &op, *user).await?;
        tx.commit().await?;
    }
    println!("{} signs in at {issuer} from now on.", set.domain.as_deref().unwrap_or(&slug));
    println!("To be registered there:");
    for line in registration(world, &slug)? {
        println!("{line}");
    }
    if !replaced.is_empty() {
        println!("Signed out {} people who were signed in by what does not sign them in any more.", replaced.len());
    }
    if let Some(public) = public {
        println!("The public key to register there, for private_key_jwt:\n{}", serde_json::to_string_pretty(&public)?);
    }
    Ok(())
}

/// What a company's provider must know of us, a line each.
pub fn registration(world: &World, slug: &str) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for (what, path) in [
        ("redirect URI", format!("/openid/callback/{slug}")),
        ("Universal Logout endpoint", format!("/orgs/{slug}/global-token-revocation")),
        ("back-channel logout URI", format!("/orgs/{slug}/backchannel-logout")),
        ("front-channel logout URI", format!("/orgs/{slug}/frontchannel-logout")),
    ] {
        lines.push(format!("  {what:<26} {}", world.api_url(&path)?));
    }
    lines.push(format!("  {:<26} {}", "post-logout redirect URI", world.public_url("/signed-out")?));
    Ok(lines)
}

/// `seed org unset-oidc`.
pub async fn unset(world: &World, org: &str, domain: Option<&str>) -> Result<()> {
    let op = world.op(world.company(org).await?);
    let tx = world.begin(&op).await?;
    sso::remove_connection(&tx, &op, domain.map(parse_domain).transpose()?.as_ref()).await?;
    tx.commit().await?;
    println!("{} signs in with passwords from now on, where people have one.", domain.unwrap_or(org));
    Ok(())
}

/// `seed reseal`: encrypts every stored secret with the first key of `CURFEW_SECRETS_KEY`.
pub async fn reseal(world: &World) -> Result<()> {
    let (sealer, mut resealed) = (world.sealer()?, 0);
    for org in orgs::list_all(&world.db).await? {
        let op = world.op(org.id);
        let tx = world.begin(&op).await?;
        for connection in sso::list_connections(&tx, op.scope).await? {
            sso::reseal_credential(&tx, op.scope, &connection, &sealer, world.chance()).await?;
            resealed += 1;
        }
        tx.commit().await?;
    }
    println!("Encrypted {resealed} secrets with the first key. Keep the others until nobody is signed in from before.");
    Ok(())
}
