//! How a program of ours says that it cannot go on.

use std::io::Write;

/// One sentence for the operator, and below it the causes that say more than what stands above them.
pub fn report(program: &str, error: &anyhow::Error) {
    let mut told = error.to_string();
    let mut lines = vec![format!("{program}: {error}")];
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !told.contains(&cause) {
            lines.push(format!("  because: {cause}"));
            told = cause;
        }
    }
    // There is nobody left to tell when this fails.
    let _ = writeln!(std::io::stderr(), "{}", lines.join("\n"));
}
