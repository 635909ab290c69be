//! The workshop's pages, as followers read them: what is in them to be run, and what must come of it.
//!
//! In a page a heading `## 3.6 …` (or `## 2.2–2.4 …`) begins a step; a fence ```` ```shell ```` is for the terminal, and a
//! ```` ```text ```` right after one is what comes out of it. Every other fence is for the eyes alone.

/// Something for the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The step's ids as its heading has them, as `3.6` or `2.2–2.4`; empty before the first.
    pub step: String,
    /// Where in the page it begins, from 1.
    pub line: usize,
    /// What is typed.
    pub commands: String,
    /// What must come of it, line by line and in this order; `…` stands for anything.
    pub expected: Vec<String>,
}

/// A page's steps and commands.
#[derive(Debug)]
pub struct Page {
    /// Each step: its ids, and what it is about.
    pub steps: Vec<(String, String)>,
    /// What is for the terminal, in order.
    pub blocks: Vec<Block>,
}

impl Page {
    /// Reads a page.
    pub fn read(text: &str) -> Self {
        let mut page = Self { steps: Vec::new(), blocks: Vec::new() };
        let mut lines = text.lines().enumerate();
        // Whether a block has just ended, so that what comes out of it may follow.
        let mut just_ended = false;
        while let Some((number, line)) = lines.next() {
            if let Some(heading) = line.strip_prefix("## ").and_then(step_heading) {
                page.steps.push(heading);
            }
            let Some(language) = line.strip_prefix("```") else {
                just_ended = just_ended && line.trim().is_empty();
                continue;
            };
            let body: Vec<_> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
            match (language, page.blocks.last_mut()) {
                ("shell", _) => {
                    let step = page.steps.last().map(|(ids, _)| ids.clone()).unwrap_or_default();
                    let commands = body.join("\n");
                    page.blocks.push(Block { step, line: number + 1, commands, expected: Vec::new() });
                }
                ("text", Some(block)) if just_ended => {
                    block.expected = body.into_iter().map(str::to_owned).collect();
                }
                _ => {}
            }
            just_ended = language == "shell";
        }
        page
    }
}

/// `3.6 Make a person`, taken apart; none where it is no step's.
fn step_heading(heading: &str) -> Option<(String, String)> {
    let (ids, title) = heading.split_once(' ')?;
    ids.starts_with(|c: char| c.is_ascii_digit()).then(|| (ids.to_owned(), title.to_owned()))
}

/// The first of the lines that should have come and did not.
pub fn missing<'a>(expected: &'a [String], output: &str) -> Option<&'a String> {
    let mut left = output.lines();
    expected.iter().filter(|line| !line.trim().is_empty()).find(|wanted| !left.any(|line| is_like(line, wanted)))
}

/// Whether a line is what the page has, where `…` stands for anything.
fn is_like(line: &str, wanted: &str) -> bool {
    let (line, wanted) = (line.trim_end(), wanted.trim_end());
    let parts: Vec<_> = wanted.split('…').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return line == wanted };
    let Some(mut rest) = line.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else { return false };
    middle.iter().all(|part| rest.split_once(part).map(|(_, after)| rest = after).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_taken_apart() {
        let text = "# 9. A part\n\n```shell\nseed workshop start\n```\n\n## 9.1 First\n\nText.\n\n\
                    ```shell\ncurl -i x\nseed check 9.1\n```\n\n```text\nHTTP/1.1 401 …\n\n✓ 9.1 …\n```\n\n\
                    ## 9.2–9.4 Others\n\n```console\nnot run\n```\n\n```text\nnot expected\n```\n\n## With a real Okta\n";
        let page = Page::read(text);
        assert_eq!(page.steps, [("9.1", "First"), ("9.2–9.4", "Others")].map(|(a, b)| (a.to_owned(), b.to_owned())));
        let [start, first] = page.blocks.as_slice() else { panic!("{:?}", page.blocks) };
        assert_eq!((start.step.as_str(), start.line, start.commands.as_str()), ("", 3, "seed workshop start"));
        assert_eq!((first.step.as_str(), first.line), ("9.1", 11));
        assert_eq!(first.commands, "curl -i x\nseed check 9.1");
        assert_eq!(first.expected, ["HTTP/1.1 401 …", "", "✓ 9.1 …"]);
    }

    #[test]
    fn what_is_expected_must_come_in_that_order() {
        let expected = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let output = "HTTP/1.1 401 Unauthorized\nwww-authenticate: Bearer\n\n{\"code\":\"key_missing\",\"id\":7}\n";
        assert_eq!(missing(&expected("HTTP/1.1 401 Unauthorized\n{\"code\":…,\"id\":…}"), output), None);
        assert_eq!(missing(&expected("…401…\n…key_missing…7…"), output), None);
        for wrong in ["HTTP/1.1 401", "…402…", "{\"code\":…,\"id\":8}", "www-authenticate: Bearer\nHTTP/1.1 401 …"]
        {
            assert!(missing(&expected(wrong), output).is_some(), "{wrong}");
        }
    }
}
