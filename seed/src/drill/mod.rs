//! `seed drill`: a sign-out, tried out against a running server. People who exist for it alone hold every credential there
//! is; each door is fired in turn; and every credential is watched until it is refused. See docs/DRILL.md.

mod cast;
mod fire;
mod held;
mod model;
mod provider;
mod report;
mod stage;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use api::app::report::report as say_error;
use api::kernel::OrgId;
use clap::Args;
use reqwest::Client;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use url::Url;

use cast::Cast;
use held::{Signal, Thing};
use model::{Cell, Fate, Held, Way, Where};
use provider::Provider;
use report::Report;
use stage::{Mark, Stage};

use crate::world::World;

/// For a provider that is asked whether it is still there.
const ANSWERS: Duration = Duration::from_secs(2);

/// `seed drill`.
#[derive(Args)]
pub struct Drill {
    /// The company's domain. Nobody of it is touched.
    #[arg(required_unless_present = "clean")]
    org: Option<String>,
    /// A process of the API, by its address; may be given several times, and every credential is tried at each. The world's
    /// API, unless given.
    #[arg(long = "at")]
    at: Vec<Url>,
    /// How many browsers each person has, 2 to 8.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(2..=8))]
    browsers: u8,
    /// Have sign-ins come back together with each demand, too. It waits for them then, so all times are longer.
    #[arg(long)]
    race: bool,
    /// How often every door is fired.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// What is not dead so long after the demand is alive, as 5s or 500ms.
    #[arg(long, default_value = "5s", value_parser = humantime::parse_duration)]
    deadline: Duration,
    /// Only these doors, separated by commas.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Way>,
    /// Where the drill's own OpenID provider listens, which the API must be able to ask.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// How the API reaches it, as <https://drill.example>; where it listens, unless given.
    #[arg(long)]
    issuer: Option<String>,
    /// Write the result as JSON; - is standard output.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Write the result as XML like `JUnit`'s, which build servers read.
    #[arg(long)]
    junit: Option<PathBuf>,
    /// Only take away what earlier drills have left, also of those that are still running.
    #[arg(long)]
    clean: bool,
}

/// 0 when all is as it should be, 1 when something lived or was lost, 2 when it could not be carried out.
pub async fn run(drill: Drill) -> ExitCode {
    match carry_out(drill).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say_error("seed", &error);
            ExitCode::from(2)
        }
    }
}

async fn carry_out(drill: Drill) -> Result<bool> {
    let world = Arc::new(World::open().await?.with_job("drill"));
    let cleared = clear_others(&world, drill.clean).await?;
    if drill.clean {
        progress(&format!("Took away what {cleared} drills had left."));
        return Ok(true);
    }
    let company = stage::company(&world, drill.org.as_deref().unwrap_or_default()).await?;
    let addresses = match &drill.at[..] {
        [] => vec![Url::parse(&world.api_url("/")?)?],
        at => at.to_vec(),
    };
    for at in &addresses {
        let browser = crate::browser::Browser::new(at.clone())?;
        let ready = browser.get("/health/ready").await?;
        if !ready.status.is_success() {
            bail!("{} is not ready: {}", held::origin(at), ready.refusal());
        }
    }
    let mark = Mark::new(&world);
    let provider = Provider::start(drill.listen, drill.issuer.as_deref(), mark.path(), world.chance()).await?;
    reach(&world, &provider).await?;

    let wanted = (drill.json.clone(), drill.junit.clone());
    let done = until_told(Arc::clone(&world), mark.clone(), provider, company, addresses, drill).await;
    let cleared = stage::clear(&world, &mark).await.with_context(|| {
        format!("What the drill has made could not be taken away: run `seed drill --clean`. It is called {mark}")
    });
    // What went wrong first is said first.
    let report = match (done, cleared) {
        (Ok(report), Ok(())) => report,
        (Ok(_), Err(error)) | (Err(error), Ok(())) => return Err(error),
        (Err(error), Err(left)) => {
            say_error("seed", &left);
            return Err(error);
        }
    };
    report.publish(wanted.0.as_deref(), wanted.1.as_deref())?;
    report.verdict()
}

/// The whole drill, unless it is told to end; a panic is an error, too. When this returns nothing of it goes on.
async fn until_told(
    world: Arc<World>,
    mark: Mark,
    provider: Provider,
    company: (OrgId, String),
    addresses: Vec<Url>,
    drill: Drill,
) -> Result<Report> {
    let (mut terminated, mut interrupted) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    // Whoever looks on may leave; that must not end us before we have taken everything away.
    let _unheard = signal(SignalKind::pipe())?;
    let mut acting = tokio::spawn(async move {
        let stage = Stage::set(world, mark, provider, company, addresses).await?;
        act(&stage, &drill).await
    });
    let done = tokio::select! {
        done = &mut acting => return done.context("The drill has broken off").and_then(|done| done),
        _ = terminated.recv() => Err(anyhow::anyhow!("The drill was told to end.")),
        _ = interrupted.recv() => Err(anyhow::anyhow!("The drill was told to end.")),
    };
    acting.abort();
    let _aborted = acting.await;
    done
}

/// Whether the API may ask the drill's provider, as far as can be told from here.
async fn reach(world: &World, provider: &Provider) -> Result<()> {
    let issuer = api::oidc::parse_issuer(provider.issuer())?;
    world.providers()?.check(&issuer).await.with_context(|| {
        format!(
            "The API may not ask the drill's provider at {}. Name an address that it may with --listen and --issuer, and \
             its network in CURFEW_PROVIDER_NETWORKS",
            provider.issuer()
        )
    })
}

/// Takes away what drills have left that were killed: their providers do not answer any more.
async fn clear_others(world: &World, running_too: bool) -> Result<usize> {
    let client = Client::builder().no_proxy().timeout(ANSWERS).build()?;
    let mut cleared = 0;
    for (mark, issuer) in stage::find(world).await? {
        let place = issuer.map(|issuer| format!("{issuer}/.well-known/openid-configuration"));
        let runs = match &place {
            Some(place) => client.get(place).send().await.is_ok_and(|answer| answer.status().is_success()),
            None => false,
        };
        if running_too || !runs {
            stage::clear(world, &mark).await?;
            progress(&format!("Took away what an earlier drill had left: {mark}."));
            cleared += 1;
        }
    }
    Ok(cleared)
}

async fn act(stage: &Stage, drill: &Drill) -> Result<Report> {
    let client = Client::builder().no_proxy().build()?;
    let ways: Vec<_> = Way::ALL.into_iter().filter(|way| drill.only.is_empty() || drill.only.contains(way)).collect();
    let mut report = Report::new(stage, usize::from(drill.browsers), drill.rounds, drill.deadline);
    for round in 1..=usize::from(drill.rounds) {
        for (n, way) in ways.iter().enumerate() {
            let name = way.row().name;
            let cells = fire(stage, &client, *way, drill, round).await.with_context(|| format!("The door {name}"))?;
            let of = ways.len() * usize::from(drill.rounds);
            progress(&format!("{:>3}/{of} {name:<18} {}", (round - 1) * ways.len() + n + 1, report::in_short(&cells)));
            report.add(cells);
        }
    }
    Ok(report)
}

/// One door, from making its people to erasing them.
async fn fire(stage: &Stage, client: &Client, way: Way, drill: &Drill, round: usize) -> Result<Vec<Cell>> {
    let mut cast = Cast::assemble(stage, client, way, drill.browsers.into(), drill.race).await?;
    let kept = way.row().kept;
    let (dying, keeping): (Vec<_>, Vec<_>) =
        std::mem::take(&mut cast.holdings).into_iter().partition(|holding| !kept.contains(&holding.held));
    let (signaller, signal) = Signal::new(drill.deadline);
    let mut watching = JoinSet::new();
    for holding in dying {
        let (client, signal) = (client.clone(), signal.clone());
        watching.spawn(async move { (holding.held, holding.thing.watch(client, signal).await) });
    }
    // Everybody has asked once by then.
    tokio::time::sleep(held::PAUSE * 4).await;
    fire::fire(stage, &cast, way, &signaller).await?;
    let mut fates = Vec::new();
    while let Some(fate) = watching.join_next().await {
        fates.push(fate?);
    }
    let (mut once, lasting): (Vec<_>, Vec<_>) =
        keeping.into_iter().partition(|holding| matches!(holding.thing, Thing::OnItsWay { .. } | Thing::Later { .. }));
    // Last: who comes in takes part from then on.
    let mut keeping = lasting;
    keeping.append(&mut once);
    for mut holding in keeping {
        // Who gives themselves a new password is given a new cookie.
        if let (Held::Cookie | Held::Stream, Some(browser)) = (holding.held, &cast.browser) {
            holding.thing.renew(browser.cookies()?);
        }
        fates.push((holding.held, holding.thing.outlives(client).await));
    }
    if way.row().place == Where::Company {
        let admin = cast.admin.map(|(admin, _)| admin);
        for person in cast.person.iter().chain(&admin) {
            stage.dismiss(person).await?;
        }
    }
    let cells = way.held().into_iter().filter_map(|held| {
        let of_it = fates.iter().filter(|(one, _)| *one == held).map(|(_, fate)| fate.clone());
        let tried = of_it.clone().count();
        Some(Cell { round, way, held, tried, fate: of_it.reduce(Fate::worse)? })
    });
    Ok(cells.collect())
}

/// For whoever looks on, and not for the script that catches the result.
fn progress(line: &str) {
    // Nobody looking on is no reason to stop.
    let _written = writeln!(std::io::stderr(), "{line}");
}
