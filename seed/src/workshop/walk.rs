//! Going through a page as a follower does: its commands are typed one after the other into one shell, and what comes of
//! them is compared with what the page says.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Part;
use super::page::{Block, Page, missing};

/// For what one block prints next. Nothing in the workshop takes as long.
const PATIENCE: Duration = Duration::from_mins(1);

/// Marks that no program prints: where a block begins, and how a check has ended.
const BEGINS: char = '\u{1e}';
const CHECKED: char = '\u{1f}';

/// What came of a page.
pub struct Walk {
    /// Each step, what is wrong with it if something is, and how long it took.
    pub steps: Vec<(String, Option<String>, Duration)>,
}

/// Goes through the page of `part`. `addresses` are what the page calls the programs, and what they are called here.
///
/// # Errors
/// Without bash.
pub fn walk(part: Part, addresses: &[(&str, String)], told: &mut dyn FnMut(&str, Option<&str>)) -> Result<Walk> {
    let here = |text: &str| addresses.iter().fold(text.to_owned(), |text, (page, here)| text.replace(page, here));
    let page = Page::read(&here(part.text()));
    let mut shell = Shell::start(&script(&page.blocks)?)?;
    let mut walk = Walk { steps: Vec::new() };
    for block in &page.blocks {
        let began = Instant::now();
        let output = shell.output_of_next();
        let wrong = wrong(block, &output);
        let took = began.elapsed();
        let step = if block.step.is_empty() { part.file().to_owned() } else { block.step.clone() };
        match walk.steps.last_mut().filter(|(last, ..)| *last == step) {
            Some((_, before, taken)) => {
                *taken += took;
                *before = before.take().or(wrong);
            }
            None => walk.steps.push((step, wrong, took)),
        }
        let next = page.blocks.iter().skip_while(|each| each.line <= block.line).map(|each| &each.step).next();
        if next != Some(&block.step)
            && let Some((step, wrong, _)) = walk.steps.last()
        {
            told(step, wrong.as_deref());
        }
    }
    Ok(walk)
}

/// The blocks as one script, in which `seed` is this very program.
fn script(blocks: &[Block]) -> Result<String> {
    let seed = std::env::current_exe().context("This program does not know where it is")?;
    let mut script = format!(
        "seed() {{\n  '{}' \"$@\"\n  local code=$?\n  [ \"$1\" != check ] || printf '{CHECKED}%s\\n' \"$code\"\n  return $code\n}}\n",
        seed.display().to_string().replace('\'', "'\\''"),
    );
    for block in blocks {
        script += "printf '";
        script.push(BEGINS);
        script += "\\n'\n";
        script += &block.commands;
        script.push('\n');
    }
    Ok(script)
}

/// What is wrong with what came of a block.
fn wrong(block: &Block, output: &str) -> Option<String> {
    let shown: Vec<_> = output.lines().filter(|line| !line.starts_with(CHECKED)).collect();
    let shown = shown.join("\n");
    let checks = block.commands.lines().filter(|line| line.starts_with("seed check ")).count();
    let passed = output.lines().filter(|line| *line == format!("{CHECKED}0")).count();
    let where_ = format!("line {} of the page", block.line);
    if let Some(line) = missing(&block.expected, &shown) {
        return Some(format!("{where_}: \"{line}\" should have come of it, and what came is:\n{shown}"));
    }
    (passed < checks).then(|| format!("{where_}: a check did not pass:\n{shown}"))
}

/// A shell at work on a script.
struct Shell {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Shell {
    fn start(script: &str) -> Result<Self> {
        let file = Path::new(".curfew/workshop/script.sh");
        crate::private::write(file, script)?;
        // Both streams by one pipe, so that they keep their order.
        let (reader, writer) = std::io::pipe()?;
        let mut command = Command::new("bash");
        command.arg(file).stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
        let child = command.spawn().context("The pages' commands need bash")?;
        // The ends of the pipe that this process has go with the command.
        drop(command);
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
                if sender.send(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned()).is_err() {
                    return;
                }
            }
        });
        let mut shell = Self { child, lines };
        // What is before the first block prints nothing.
        shell.output_of_next();
        Ok(shell)
    }

    /// Everything until the next block begins, or the end.
    fn output_of_next(&mut self) -> String {
        let mut output = String::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                // A program that ends without a line break has the mark at its end.
                Ok(line) => match line.split_once(BEGINS) {
                    Some((before, _)) => {
                        output.push_str(before);
                        return output;
                    }
                    None => output.push_str(&(line + "\n")),
                },
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    let _gone = self.child.kill();
                    output.push_str("(it did not end)\n");
                    return output;
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => return output,
            }
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}
