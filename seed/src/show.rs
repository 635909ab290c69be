//! Looking into the database: what Prisma Studio is for in the original workshop, without the secrets.

use anyhow::Result;
use api::domain::orgs::{self, OrgRow};
use api::domain::sso::{self, ClientAuthMethod};
use api::domain::todos as domain_todos;
use api::domain::{Tx, sessions, users};
use api::kernel::Op;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::world::World;

/// A table whose columns are as wide as their widest cell.
pub struct Table(Vec<Vec<String>>);

impl Table {
    /// With these titles.
    pub fn new<const N: usize>(head: [&str; N]) -> Self {
        Self(vec![head.map(str::to_owned).to_vec()])
    }

    /// One more row.
    pub fn add<const N: usize>(&mut self, row: [String; N]) {
        // What people typed must not move the cursor of whoever looks.
        self.0.push(row.map(|cell| cell.replace(char::is_control, " ")).to_vec());
    }

    /// Onto standard output.
    pub fn print(&self) {
        let columns = self.0.first().map_or(0, Vec::len);
        let width = |column: usize| self.0.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<_> = (0..columns).map(width).collect();
        for row in &self.0 {
            let cells: Vec<_> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            println!("{}", cells.join("  ").trim_end());
        }
        if self.0.len() == 1 {
            println!("(none)");
        }
    }
}

/// `seed show orgs`.
pub async fn orgs(world: &World) -> Result<()> {
    let mut table = Table::new(["id", "kind", "name", "domains", "active", "since"]);
    for org in orgs::list_all(&world.db).await? {
        let (tx, op) = enter(world, &org).await?;
        let domains: Vec<_> = orgs::list_domains(&tx, op.scope).await?.into_iter().map(|d| d.domain).collect();
        let kind = format!("{:?}", org.kind).to_lowercase();
        table.add([org.id.to_string(), kind, org.name, domains.join(" "), yes(org.active), moment(org.created_at)]);
    }
    table.print();
    Ok(())
}

/// `seed show users`.
pub async fn users(world: &World) -> Result<()> {
    let mut table = Table::new(["id", "org", "email", "name", "role", "active", "password"]);
    for org in orgs::list_all(&world.db).await? {
        let (tx, op) = enter(world, &org).await?;
        for user in users::list(&tx, op.scope).await? {
            let role = format!("{:?}", user.role).to_lowercase();
            let password = if user.password_hash.is_some() { "set" } else { "none" }.to_owned();
            table.add([user.id.to_string(), place(&org), user.email, user.name, role, yes(user.active), password]);
        }
    }
    table.print();
    Ok(())
}

/// `seed show todos`.
pub async fn todos(world: &World) -> Result<()> {
    let mut table = Table::new(["id", "org", "email", "task", "completed"]);
    for org in orgs::list_all(&world.db).await? {
        let (tx, op) = enter(world, &org).await?;
        for user in users::list(&tx, op.scope).await? {
            for todo in domain_todos::list(&tx, op.scope, user.id).await? {
                let completed = todo.completed_at.map_or_else(|| "no".to_owned(), moment);
                table.add([todo.id.to_string(), place(&org), user.email.clone(), todo.task, completed]);
            }
        }
    }
    table.print();
    Ok(())
}

/// `seed show connections`.
pub async fn connections(world: &World) -> Result<()> {
    let head = ["id", "org", "domain", "issuer", "client id", "client proof", "provisions", "prompt only", "set"];
    let mut table = Table::new(head);
    for org in orgs::list_all(&world.db).await? {
        let (tx, op) = enter(world, &org).await?;
        for connection in sso::list_connections(&tx, op.scope).await? {
            table.add([
                connection.id.to_string(),
                place(&org),
                connection.domain.unwrap_or_else(|| "(all others)".to_owned()),
                connection.issuer,
                connection.client_id,
                match connection.client_auth {
                    ClientAuthMethod::ClientSecret => "secret".to_owned(),
                    ClientAuthMethod::PrivateKeyJwt => "private key".to_owned(),
                },
                yes(connection.provisions),
                yes(connection.prompt_only),
                moment(connection.updated_at),
            ]);
        }
    }
    table.print();
    Ok(())
}

/// `seed show sessions`.
pub async fn sessions(world: &World) -> Result<()> {
    let mut table = Table::new(["id", "org", "email", "by", "since", "until", "ended", "cause", "address"]);
    for org in orgs::list_all(&world.db).await? {
        let (tx, op) = enter(world, &org).await?;
        let users = users::list(&tx, op.scope).await?;
        for sign_in in sessions::list(&tx, op.scope).await? {
            let email = users.iter().find(|user| user.id == sign_in.user_id).map(|user| user.email.clone());
            table.add([
                sign_in.id.to_string(),
                place(&org),
                email.unwrap_or_default(),
                sign_in.idp_iss.unwrap_or_else(|| "password".to_owned()),
                moment(sign_in.created_at),
                moment(sign_in.expires_at),
                sign_in.ended_at.map_or_else(|| "no".to_owned(), moment),
                sign_in.ended_cause.unwrap_or_default(),
                sign_in.ip.unwrap_or_default(),
            ]);
        }
    }
    table.print();
    Ok(())
}

async fn enter(world: &World, org: &OrgRow) -> Result<(Tx, Op)> {
    let op = world.op(org.id);
    Ok((world.begin(&op).await?, op))
}

fn place(org: &OrgRow) -> String {
    org.slug.clone().unwrap_or_else(|| "(personal)".to_owned())
}

fn yes(flag: bool) -> String {
    if flag { "yes" } else { "no" }.to_owned()
}

/// A moment, to the second.
pub fn moment(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}
