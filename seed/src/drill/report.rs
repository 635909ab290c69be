//! What a drill has found, for a person, a script and a build server.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use api::domain::revocation::Door;
use quick_junit::{NonSuccessKind, Report as JunitReport, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};

use super::held::{PAUSE, origin};
use super::model::{Cell, Fate, Held, Way, Where};
use super::stage::Stage;

/// All that was found.
pub struct Report {
    company: String,
    addresses: Vec<String>,
    browsers: usize,
    rounds: u16,
    deadline: Duration,
    cells: Vec<Cell>,
}

/// A few words on one door.
pub fn in_short(cells: &[Cell]) -> String {
    let tried = |kept: bool| cells.iter().filter(|cell| (cell.fate == Fate::Kept) == kept).map(|cell| cell.tried).sum();
    let (dead, kept): (usize, usize) = (tried(false), tried(true));
    match cells.iter().map(|cell| cell.fate.clone()).reduce(Fate::worse) {
        Some(Fate::Dead { after, .. }) if kept > 0 => format!("{dead} dead within {} ms, {kept} kept", ms(after)),
        Some(Fate::Dead { after, .. }) => format!("{dead} dead within {} ms", ms(after)),
        Some(worst) => word(&worst),
        None => "nothing to be tried".to_owned(),
    }
}

fn after(fate: &Fate) -> Option<Duration> {
    if let Fate::Dead { after, .. } = fate { Some(*after) } else { None }
}

fn ms(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

fn word(fate: &Fate) -> String {
    match fate {
        Fate::Dead { after, .. } => ms(*after),
        Fate::Alive => "ALIVE".to_owned(),
        Fate::Kept => "kept".to_owned(),
        Fate::Lost => "LOST".to_owned(),
        Fate::Unknown(_) => "?".to_owned(),
    }
}

impl Report {
    /// Nothing yet.
    pub fn new(stage: &Stage, browsers: usize, rounds: u16, deadline: Duration) -> Self {
        let addresses = stage.addresses.iter().map(origin).collect();
        Self { company: stage.company.slug.clone(), addresses, browsers, rounds, deadline, cells: Vec::new() }
    }

    /// One door's.
    pub fn add(&mut self, cells: Vec<Cell>) {
        self.cells.extend(cells);
    }

    fn times(&self) -> Vec<Duration> {
        let mut times: Vec<_> = self.cells.iter().filter_map(|cell| after(&cell.fate)).collect();
        times.sort();
        times
    }

    fn wrong(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(|cell| matches!(cell.fate, Fate::Alive | Fate::Lost | Fate::Unknown(_)))
    }

    /// Door × credential, the worst of all rounds.
    fn text(&self) -> String {
        let held: Vec<_> =
            Held::ALL.into_iter().filter(|held| self.cells.iter().any(|cell| cell.held == *held)).collect();
        let mut lines = vec![line("", &held.iter().map(|held| held.name().to_owned()).collect::<Vec<_>>())];
        for way in Way::ALL.into_iter().filter(|way| self.cells.iter().any(|cell| cell.way == *way)) {
            let of = |held: &Held| {
                let here = self.cells.iter().filter(|cell| cell.way == way && cell.held == *held);
                here.map(|cell| cell.fate.clone())
                    .reduce(Fate::worse)
                    .map_or_else(|| "-".to_owned(), |fate| word(&fate))
            };
            let own = if way.row().place == Where::OwnCompany { " *" } else { "" };
            lines.push(line(&format!("{}{own}", way.row().name), &held.iter().map(of).collect::<Vec<_>>()));
        }
        let has_own = self.cells.iter().any(|cell| cell.way.row().place == Where::OwnCompany);
        lines.push(String::new());
        lines.push(
            "Milliseconds from just before the demand was sent to the first refusal, of each kind's last.".to_owned(),
        );
        lines.push(format!(
            "Asked every {} ms. - is not there to be tried, kept is as good as before.",
            PAUSE.as_millis()
        ));
        if has_own {
            let own =
                "* in a company of the drill's own, because it reaches everybody or is about passwords or domains.";
            lines.push(own.to_owned());
        }
        if let Some((slowest, time)) = self.slowest() {
            let (p50, p95) = (percentile(&self.times(), 50), percentile(&self.times(), 95));
            let (way, held) = (slowest.way.row().name, slowest.held.name());
            lines.push(format!(
                "p50 {} ms, p95 {} ms; the slowest {} ms: {held} after {way}.",
                ms(p50),
                ms(p95),
                ms(time)
            ));
        }
        lines.extend(self.wrong().map(sentence));
        if self.wrong().next().is_none() {
            let tried: usize = self.cells.iter().map(|cell| cell.tried).sum();
            lines.push(format!("Nothing lived: {tried} credentials, at {}.", self.addresses.join(" and ")));
        }
        lines.join("\n") + "\n"
    }

    fn slowest(&self) -> Option<(&Cell, Duration)> {
        self.cells.iter().filter_map(|cell| Some((cell, after(&cell.fate)?))).max_by_key(|(_, time)| *time)
    }

    /// Writes the files that are wanted, and onto standard output the table, unless the JSON goes there.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn publish(&self, json: Option<&Path>, junit: Option<&Path>) -> Result<()> {
        if let Some(file) = junit {
            let failed = || format!("Cannot write {}", file.display());
            std::fs::write(file, self.junit()?).with_context(failed)?;
        }
        let as_json = serde_json::to_string_pretty(&self.json())? + "\n";
        let is_wanted = |file: &Path| file.as_os_str() == "-";
        let shown = if json.is_some_and(is_wanted) { &as_json } else { &self.text() };
        if let Some(file) = json.filter(|file| !is_wanted(file)) {
            std::fs::write(file, &as_json).with_context(|| format!("Cannot write {}", file.display()))?;
        }
        // Nobody reading it is no reason for another exit.
        let _written = std::io::stdout().write_all(shown.as_bytes());
        Ok(())
    }

    /// Whether all is as it should be.
    ///
    /// # Errors
    /// When that cannot be said of everything, and nothing is known to live.
    pub fn verdict(&self) -> Result<bool> {
        if self.cells.iter().any(|cell| matches!(cell.fate, Fate::Alive | Fate::Lost)) {
            return Ok(false);
        }
        match self.wrong().next() {
            Some(cell) => bail!("{}", sentence(cell)),
            None => Ok(true),
        }
    }

    fn json(&self) -> Value {
        let times = self.times();
        let milliseconds = |time: Duration| (time.as_secs_f64() * 10_000.0).round() / 10.0;
        let cells = self.cells.iter().map(|cell| {
            let unseen = if let Fate::Dead { unseen, .. } = cell.fate { Some(milliseconds(unseen)) } else { None };
            json!({
                "round": cell.round, "door": cell.way.row().name, "is": cell.way.row().door.map(Door::as_str), "credential": cell.held.name(),
                "own_company": cell.way.row().place == Where::OwnCompany, "tried": cell.tried,
                "fate": name(&cell.fate), "ms": after(&cell.fate).map(milliseconds), "unseen_ms": unseen,
                "reason": if let Fate::Unknown(reason) = &cell.fate { Some(reason) } else { None },
            })
        });
        let number = |fate: &str| self.cells.iter().filter(|cell| name(&cell.fate) == fate).count();
        json!({
            "company": self.company, "at": self.addresses, "browsers": self.browsers, "rounds": self.rounds,
            "deadline_ms": milliseconds(self.deadline), "pause_ms": milliseconds(PAUSE),
            "nothing_lived": self.wrong().next().is_none(),
            "p50_ms": milliseconds(percentile(&times, 50)), "p95_ms": milliseconds(percentile(&times, 95)),
            "slowest_ms": milliseconds(percentile(&times, 100)),
            "dead": number("dead"), "kept": number("kept"), "alive": number("alive"), "lost": number("lost"),
            "unknown": number("unknown"), "results": cells.collect::<Vec<_>>(),
        })
    }

    /// A suite for each door, a case for each credential.
    fn junit(&self) -> Result<String> {
        let mut report = JunitReport::new(format!("sign-out drill of {}", self.company));
        for way in Way::ALL.into_iter().filter(|way| self.cells.iter().any(|cell| cell.way == *way)) {
            let mut suite = TestSuite::new(way.row().name);
            for cell in self.cells.iter().filter(|cell| cell.way == way) {
                let mut status = match cell.fate {
                    Fate::Dead { .. } | Fate::Kept => TestCaseStatus::success(),
                    Fate::Alive | Fate::Lost => TestCaseStatus::non_success(NonSuccessKind::Failure),
                    Fate::Unknown(_) => TestCaseStatus::non_success(NonSuccessKind::Error),
                };
                if !matches!(cell.fate, Fate::Dead { .. } | Fate::Kept) {
                    status.set_message(sentence(cell));
                }
                let round = if self.rounds > 1 { format!(" (round {})", cell.round) } else { String::new() };
                let mut case = TestCase::new(format!("{}{round}", cell.held.name()), status);
                case.set_classname(format!("drill.{}", way.row().name));
                if let Some(time) = after(&cell.fate) {
                    case.set_time(time);
                }
                suite.add_test_case(case);
            }
            report.add_test_suite(suite);
        }
        Ok(report.to_string()?)
    }
}

fn line(first: &str, cells: &[String]) -> String {
    cells.iter().fold(format!("{first:<20}"), |line, cell| line + &format!("{cell:>15}"))
}

fn name(fate: &Fate) -> &'static str {
    match fate {
        Fate::Dead { .. } => "dead",
        Fate::Alive => "alive",
        Fate::Kept => "kept",
        Fate::Lost => "lost",
        Fate::Unknown(_) => "unknown",
    }
}

fn sentence(cell: &Cell) -> String {
    let (door, held, round) = (cell.way.row().name, cell.held.name(), cell.round);
    match &cell.fate {
        Fate::Alive => format!("ALIVE: {held} after {door}, in round {round}."),
        Fate::Lost => format!("LOST: {held} after {door}, in round {round}, which does not mean it."),
        Fate::Unknown(reason) => format!("Nobody can say whether {held} is dead after {door}: {reason}"),
        Fate::Dead { .. } | Fate::Kept => format!("{held} after {door} is as it should be."),
    }
}

/// The nearest rank.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let times: Vec<_> = (1..=20).map(Duration::from_millis).collect();
        for (percent, expected) in [(50, 10), (95, 19), (100, 20), (0, 1)] {
            assert_eq!(percentile(&times, percent), Duration::from_millis(expected), "{percent}");
        }
        assert_eq!(percentile(&[], 50), Duration::ZERO);
    }
}
